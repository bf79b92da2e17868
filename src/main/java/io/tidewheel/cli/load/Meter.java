package io.tidewheel.cli.load;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/** Latencies and counts of one operation on one thread; any other thread may read them. */
final class Meter {
  static final long MAX_NANOS = TimeUnit.MINUTES.toNanos(10);
  static final int DIGITS = 3;

  private final SingleWriterRecorder latencies = new SingleWriterRecorder(1_000, MAX_NANOS, DIGITS);
  private final LongAdder requestCount = new LongAdder();
  private final LongAdder messageCount = new LongAdder();
  private final LongAdder unsentCount = new LongAdder();
  private final LongAdder notTakenCount = new LongAdder();
  private @Nullable Histogram interval;

  /** A request was answered as it should be. */
  void answered(long nanos, int messages) {
    waited(nanos);
    requestCount.increment();
    messageCount.add(messages);
  }

  /** A request was not answered, and had waited so long: a latency of at least that. */
  void waited(long nanos) {
    latencies.recordValue(Math.max(0, Math.min(nanos, MAX_NANOS)));
  }

  /** A request was due and not sent, and had waited so long. */
  void unsent(long nanos, int messages) {
    waited(nanos);
    unsentCount.add(messages);
  }

  /** Asked for and answered, but not done, because it was too late for it. */
  void notTaken(int messages) {
    notTakenCount.add(messages);
  }

  /** As {@link #answered}, for what has no latency worth a number. */
  void counted(int messages) {
    requestCount.increment();
    messageCount.add(messages);
  }

  long requests() {
    return requestCount.sum();
  }

  long messages() {
    return messageCount.sum();
  }

  long unsent() {
    return unsentCount.sum();
  }

  long notTaken() {
    return notTakenCount.sum();
  }

  /** Moves what was recorded since the last call. One thread at a time. */
  void moveTo(Histogram total) {
    interval = latencies.getIntervalHistogram(interval);
    total.add(interval);
  }
}
