package io.tidewheel.backlog;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The numbers by which the owners of rows outdo those before them: milliseconds of the wall clock,
 * but always above every number that was given or heard of here. A hybrid logical clock (Kulkarni
 * and others, 2014), so an owner that follows one whose row is known here wins also where clocks
 * differ. Safe for any thread.
 */
public final class Claims {
  private final InstantSource clock;
  private final AtomicLong highest = new AtomicLong();

  public Claims(InstantSource clock) {
    this.clock = clock;
  }

  long next() {
    long now = clock.millis();
    return highest.updateAndGet(known -> Math.max(known + 1, now));
  }

  /** Another node has given this number. */
  void heard(long claim) {
    if (claim > highest.get()) {
      highest.accumulateAndGet(claim, Math::max);
    }
  }
}
