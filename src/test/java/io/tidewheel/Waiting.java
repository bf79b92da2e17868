package io.tidewheel;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Waits for what comes by itself: asks again and again, 50 times a second at most, for longer than
 * anything here takes on a machine that is only slow.
 */
public final class Waiting {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  /** Less than the time limit of a test, which would not say what did not hold. */
  private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(45);

  private static final Duration PAUSE = Duration.ofMillis(20);

  private Waiting() {}

  /** What is to hold; asks anew each time. */
  @FunctionalInterface
  public interface Check {
    void run() throws Exception;
  }

  /** Until it is true, for a minute; what it throws comes out at once. */
  public static void until(BooleanSupplier condition) {
    await(condition, TIMEOUT, () -> new AssertionError("not within " + TIMEOUT));
  }

  /**
   * Until a check does not fail any more, for 45 seconds.
   *
   * @throws AssertionError the last one of the check
   */
  public static void untilHolds(Check check) {
    AtomicReference<AssertionError> difference = new AtomicReference<>();
    await(
        () -> {
          try {
            check.run();
            return true;
          } catch (AssertionError e) {
            difference.set(e);
            return false;
          } catch (RuntimeException e) {
            throw e;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        },
        CHECK_TIMEOUT,
        difference::get);
  }

  private static void await(
      BooleanSupplier condition, Duration timeout, Supplier<AssertionError> failure) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw failure.get();
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }
}
