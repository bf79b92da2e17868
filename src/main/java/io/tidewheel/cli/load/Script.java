package io.tidewheel.cli.load;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What one connection does, request by request. Used by one thread. */
interface Script {
  /** Whether its requests start at the times of the open model. */
  boolean isPaced();

  /** Whether there is something to send now; if not, it is asked again a little later. */
  default boolean isReady(long nowNanos) {
    return true;
  }

  /**
   * The next request, valid until its answer.
   *
   * @param startNanos when it should start; latencies count from here
   * @return null if there is none any more
   */
  @Nullable ByteBuffer next(long startNanos);

  /**
   * The request was answered.
   *
   * @return nanoseconds to wait before the next one; 0 for none
   */
  long answered(AnswerReader answer, long nowNanos);

  /** The request was not answered: what it asked for may have been done. */
  void lost(String reason, long nowNanos);

  /** Whether the end of the run waits for the answer that is owed. */
  default boolean isAwaited() {
    return true;
  }

  /**
   * A request of the open model was due and was not sent before the end.
   *
   * @return false if none was due, because everything is sent
   */
  default boolean unsent(long dueNanos, long endNanos) {
    return false;
  }
}
