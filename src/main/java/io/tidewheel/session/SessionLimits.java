package io.tidewheel.session;

import io.tidewheel.message.Limits;
import io.tidewheel.session.frame.Frame;
import java.time.Duration;

/**
 * The bounds of sessions.
 *
 * @param bounds of each, as its client is told
 * @param maxSessions of a node
 * @param maxUnreadBytes that have come from a client and are not looked at yet; beyond it nothing
 *     is read from its connection
 * @param helloTimeout within which the first frame must have come
 * @param writeTimeout within which a client must have taken something of what waits for it
 * @param closeTimeout for the client to close when it was told to
 * @param lingerTimeout within which a client whose connection broke may come back before what it
 *     holds goes to others
 */
public record SessionLimits(
    Frame.Bounds bounds,
    int maxSessions,
    int maxUnreadBytes,
    Duration helloTimeout,
    Duration writeTimeout,
    Duration closeTimeout,
    Duration lingerTimeout) {

  /** What a node uses. */
  public static final SessionLimits DEFAULT =
      new SessionLimits(
          new Frame.Bounds(
              Limits.MAX_PAYLOAD_BYTES + (1 << 20), 16 << 20, 1_024, 1_000, 10_000, 15_000),
          4_096,
          2 << 20,
          Duration.ofSeconds(5),
          Duration.ofSeconds(20),
          Duration.ofSeconds(2),
          Duration.ofSeconds(1));
}
