package io.tidewheel.worker;

import io.tidewheel.subscription.DeadMessage;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which dead letters go back to their subscription, and how fast. What is null or empty selects
 * all.
 *
 * @param ids of the messages as they were published
 * @param cause one of {@link DeadMessage#CAUSES}
 * @param key exactly this one
 * @param fromMillis stored in the dead-letter topic at this time or later, in wall-clock
 *     milliseconds
 * @param toMillis stored there before this time
 * @param max as many of the selected ones, from the oldest on
 * @param rate messages per second, 1 to {@link #MAX_RATE}
 * @param isDryRun whether to look only
 */
public record RedriveRequest(
    Set<String> ids,
    @Nullable String cause,
    @Nullable String key,
    long fromMillis,
    long toMillis,
    long max,
    int rate,
    boolean isDryRun) {
  public static final int MAX_IDS = 1_000;
  public static final int DEFAULT_RATE = 500;
  public static final int MAX_RATE = 10_000;

  boolean selects(DeadMessage dead, long atMillis) {
    return (ids.isEmpty() || ids.contains(dead.id()))
        && (cause == null || dead.isDeadOf(cause))
        && (key == null || key.equals(dead.letter().key()))
        && atMillis >= fromMillis
        && atMillis < toMillis;
  }
}
