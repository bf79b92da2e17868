package io.tidewheel.session;

import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameWriter;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What waits to be said to a client. Part of the actor of its session.
 *
 * <ol>
 *   <li>Frames leave in the order in which they came.
 *   <li>One websocket message is on its way at a time; what comes meanwhile travels together.
 * </ol>
 */
final class Outbound {
  /** Frames of one websocket message, in bytes of payload; one larger frame travels alone. */
  private static final int MESSAGE_BYTES = 512 << 10;

  /** Beyond so much that waits for the client nothing more is pulled for it. */
  private static final int CONGESTED_BYTES = 1 << 20;

  /** Of the backlog, in long names. */
  private static final int ROW_BYTES = 300;

  private final SessionSocket.Line line;
  private final Runnable flushLater;
  private final Deque<Frame.FromBroker> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private boolean isFlushing;
  private boolean isLineBusy;
  private boolean isEnded;

  /**
   * Nothing waits yet.
   *
   * @param flushLater has {@link #onFlush} called behind what is in the mailbox already: what comes
   *     together goes together
   */
  Outbound(SessionSocket.Line line, Runnable flushLater) {
    this.line = line;
    this.flushLater = flushLater;
  }

  /** Says something to the client, together with what is said at the same time. */
  void add(Frame.FromBroker frame) {
    if (isEnded) {
      return;
    }
    waiting.add(frame);
    waitingBytes += weight(frame);
    if (!isFlushing && !isLineBusy) {
      isFlushing = true;
      flushLater.run();
    }
  }

  /** Whether so much waits for the client that it should be given nothing more. */
  boolean isCongested() {
    return waitingBytes > CONGESTED_BYTES;
  }

  /** It is time to send; returns whether there is room again where there was none. */
  boolean onFlush() {
    isFlushing = false;
    if (waiting.isEmpty()) {
      return false;
    }
    boolean wasCongested = isCongested();
    FrameWriter writer = new FrameWriter((int) Math.min(MESSAGE_BYTES, waitingBytes + 256));
    while (!waiting.isEmpty() && writer.size() < MESSAGE_BYTES) {
      Frame.FromBroker frame = waiting.remove();
      waitingBytes -= weight(frame);
      writer.write(frame);
    }
    isLineBusy = true;
    line.send(writer.toByteArray());
    return wasCongested && !isCongested();
  }

  /** The connection has written all it was given; returns what {@link #onFlush} does. */
  boolean onDrained() {
    isLineBusy = false;
    return onFlush();
  }

  /** Nothing is said any more. */
  void end() {
    isEnded = true;
    waiting.clear();
    waitingBytes = 0;
  }

  private static int weight(Frame.FromBroker frame) {
    int weight = 64;
    if (frame instanceof Frame.Backlog backlog) {
      weight += ROW_BYTES * backlog.rows().size() + 16 * backlog.gone().size();
    }
    if (frame instanceof Frame.Deliveries deliveries) {
      for (Frame.Delivered delivered : deliveries.deliveries()) {
        weight += delivered.message().weight();
      }
    }
    return weight;
  }
}
