package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WatchdogTest {
  private final CountDownLatch halted = new CountDownLatch(1);

  @Test
  void endsWhatDoesNotEnd() throws InterruptedException {
    try (Watchdog watchdog = new Watchdog(Duration.ofMillis(20), halted::countDown)) {
      watchdog.start();
      assertThat(halted.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void endsItOnceHoweverOftenTheStopBegins() throws InterruptedException {
    AtomicInteger count = new AtomicInteger();
    CountDownLatch twice = new CountDownLatch(2);
    Runnable halt =
        () -> {
          count.incrementAndGet();
          twice.countDown();
        };
    try (Watchdog watchdog = new Watchdog(Duration.ofMillis(20), halt)) {
      watchdog.start();
      watchdog.start();
      assertThat(twice.await(200, TimeUnit.MILLISECONDS)).isFalse();
      assertThat(count).hasValue(1);
    }
  }

  @Test
  void leavesAloneWhatHasEnded() throws InterruptedException {
    Watchdog watchdog = new Watchdog(Duration.ofHours(1), halted::countDown);
    Thread watching = watchdog.start();
    watchdog.close();
    watching.join();
    assertThat(halted.getCount()).isEqualTo(1);
  }
}
