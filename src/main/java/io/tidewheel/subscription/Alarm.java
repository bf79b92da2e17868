package io.tidewheel.subscription;

import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/** The front's clocks and its one timer, which is set only if something is due before it rings. */
final class Alarm {
  /** How long nothing may happen while something waits for a change that nobody announces. */
  private static final Duration RECHECK = Duration.ofMillis(500);

  private static final long MIN_WAIT_NANOS = 1_000_000;

  private final TimerScheduler<Reader.Command> timers;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final long originNanos;
  private long armedNanos = Long.MAX_VALUE;

  /** Time to look at leases, retry times, and what else waits. */
  record Tick(long atNanos) implements Subscription.Command {}

  Alarm(TimerScheduler<Reader.Command> timers, InstantSource clock, LongSupplier nanoTime) {
    this.timers = timers;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.originNanos = nanoTime.getAsLong();
  }

  Now now() {
    return new Now(clock.millis(), nanoTime.getAsLong() - originNanos);
  }

  void onTick(Tick tick) {
    if (tick.atNanos == armedNanos) {
      armedNanos = Long.MAX_VALUE;
    }
  }

  /**
   * Rings when something is due.
   *
   * @param dueNanos {@link Long#MAX_VALUE} for never
   * @param waitsForChange whether to look again soon in any case
   */
  void arm(long dueNanos, boolean waitsForChange, Now now) {
    long nowNanos = now.nanos();
    long due =
        waitsForChange && armedNanos == Long.MAX_VALUE
            ? Math.min(dueNanos, nowNanos + RECHECK.toNanos())
            : dueNanos;
    if (due < armedNanos) {
      armedNanos = due;
      Duration wait = Duration.ofNanos(Math.max(MIN_WAIT_NANOS, due - nowNanos));
      timers.startSingleTimer(Tick.class, new Tick(due), wait);
    }
  }
}
