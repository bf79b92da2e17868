package io.tidewheel.journal.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class WriteDeadlinesTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final AtomicLong nanos = new AtomicLong();
  private final WriteDeadlines deadlines = new WriteDeadlines(TIMEOUT, nanos::get);
  private final CompletableFuture<Void> first = new CompletableFuture<>();
  private final CompletableFuture<Void> second = new CompletableFuture<>();

  @Test
  void failsWhatTheStoreHasNotAnsweredInTimeAndNothingElse() {
    deadlines.add(first);
    nanos.addAndGet(TIMEOUT.toNanos() - 1);
    deadlines.add(second);
    deadlines.expire();
    assertThat(first).isNotDone();
    nanos.incrementAndGet();
    deadlines.expire();
    assertThat(second).isNotDone();
    assertThat(first)
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .havingCause()
        .asInstanceOf(InstanceOfAssertFactories.type(StoreException.class))
        .returns(Kind.IO, StoreException::kind);
  }

  @Test
  void keepsNothingOfWritesThatAreAnswered() {
    for (int i = 0; i < 1_000; i++) {
      CompletableFuture<Void> write = new CompletableFuture<>();
      deadlines.add(write);
      write.complete(null);
    }
    assertThat(deadlines.size()).isZero();
    deadlines.add(first);
    assertThat(deadlines.size()).isEqualTo(1);
  }
}
