package io.tidewheel.journal;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells people of an outage of the store: one line when it begins, one that says what is wrong as
 * soon as that is known, and one when it is over, however many logs a node has. Safe for any
 * thread.
 *
 * <p>It is over when something succeeds of what failed last (a log that can be read does not show
 * that it can be written), and nothing has failed for a second.
 */
public final class StoreTrouble {
  /** So that a store that answers now and then makes no two lines for each answer. */
  static final long QUIET_NANOS = 1_000_000_000;

  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final Logger LOG = LoggerFactory.getLogger(StoreTrouble.class);

  private final LongSupplier nanoTime;
  private volatile boolean isOpen;
  private long beganNanos;
  private long failedNanos;
  private long failureCount;
  private boolean isWriting;
  private boolean isCauseTold;
  private final AtomicLong droppedRows = new AtomicLong();

  /**
   * No outage.
   *
   * @param nanoTime a monotonic clock
   */
  public StoreTrouble(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A write was not confirmed, or its core ended otherwise. */
  synchronized void onWriteFailed(String log) {
    isWriting = true;
    if (begin()) {
      LOG.warn(
          "The store has not confirmed a write ({}); what was under way may be stored or not. All"
              + " logs of this node try again, without a line for each",
          log);
    }
  }

  /** A log could not be read. */
  synchronized void onReadFailed(String log, Throwable cause) {
    isWriting = false;
    begin();
    if (!isCauseTold) {
      isCauseTold = true;
      LOG.warn(
          "The store does not work: {} cannot be read ({}). All logs of this node try again every"
              + " few seconds, without a line for each",
          log,
          innermost(cause));
    }
  }

  private boolean begin() {
    long now = nanoTime.getAsLong();
    failedNanos = now;
    failureCount++;
    if (isOpen) {
      return false;
    }
    beganNanos = now;
    failureCount = 1;
    isCauseTold = false;
    isOpen = true;
    return true;
  }

  /** A recovery has found rows of a second writer. */
  void onRowsDropped(long count) {
    droppedRows.addAndGet(count);
  }

  /** Rows of second writers that the recoveries of this node have found, none of them confirmed. */
  public long droppedRows() {
    return droppedRows.get();
  }

  /** Something was stored. Costs nothing while there is no outage. */
  void onWritten() {
    if (isOpen) {
      end(true);
    }
  }

  /** A log was read. */
  void onRead() {
    if (isOpen) {
      end(false);
    }
  }

  /** Whether there is an outage that was told of and not yet said to be over. */
  boolean isOpen() {
    return isOpen;
  }

  private synchronized void end(boolean isWritten) {
    long now = nanoTime.getAsLong();
    if (isOpen && (isWritten || !isWriting) && now - failedNanos >= QUIET_NANOS) {
      isOpen = false;
      LOG.warn(
          "The store works again after {} s, in which {} tries failed",
          (now - beganNanos) / NANOS_PER_SECOND,
          failureCount);
    }
  }

  private static String innermost(Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; i < 20 && cause.getCause() != null; i++) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }
}
