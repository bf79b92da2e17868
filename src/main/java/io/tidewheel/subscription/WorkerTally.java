package io.tidewheel.subscription;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What became of the deliveries of one worker, and whether it gets more than a few to try. Safe for
 * any thread.
 */
public final class WorkerTally {
  private static final long PROBE_NANOS = 1_000_000_000L;

  private final String worker;
  private final String version;
  private final boolean isKnown;
  private final LongAdder succeeded = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder latencyNanos = new LongAdder();
  private final AtomicLong nextProbeNanos = new AtomicLong(Long.MIN_VALUE);
  private volatile boolean isSick;

  /** A worker; {@code isKnown} whether its deliveries can be told from those of others. */
  WorkerTally(WorkerName name, boolean isKnown) {
    this.worker = name.name();
    this.version = name.version();
    this.isKnown = isKnown;
  }

  public String worker() {
    return worker;
  }

  public String version() {
    return version;
  }

  public boolean isKnown() {
    return isKnown;
  }

  void succeeded(long nanos) {
    succeeded.increment();
    latencyNanos.add(nanos);
  }

  void failed(long nanos) {
    failed.increment();
    latencyNanos.add(nanos);
  }

  /** What it did since this was asked before. */
  public Done take() {
    return new Done(succeeded.sumThenReset(), failed.sumThenReset(), latencyNanos.sumThenReset());
  }

  /** Deliveries that came back, and how long all of them together took. */
  public record Done(long succeeded, long failed, long latencyNanos) {}

  /** From now on it gets one delivery a second to try, or as many as it asks for again. */
  public void setSick(boolean sick) {
    isSick = sick;
  }

  public boolean isSick() {
    return isSick;
  }

  /** How many of {@code max} it may get now. */
  int allowed(int max, long nowNanos) {
    if (!isSick || max <= 0) {
      return max;
    }
    long next = nextProbeNanos.get();
    boolean isDue = next == Long.MIN_VALUE || nowNanos - next >= 0;
    return isDue && nextProbeNanos.compareAndSet(next, nowNanos + PROBE_NANOS) ? 1 : 0;
  }

  /** What was allowed and is not given out does not count. */
  void giveBackProbe() {
    nextProbeNanos.set(Long.MIN_VALUE);
  }
}
