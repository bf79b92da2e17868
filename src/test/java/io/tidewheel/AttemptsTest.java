package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import io.tidewheel.journal.StoreSetupException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AttemptsTest {
  private static final Duration PAUSE = Duration.ofMillis(300);

  private final ActorTestKit kit = ActorTestKit.create();
  private final Attempts attempts = new Attempts(kit.system(), PAUSE, Duration.ofSeconds(30));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  /** Guards the log and a processor against a failure that comes at once. */
  @Test
  void restsBetweenTries() {
    List<Long> triedNanos = new ArrayList<>();
    String result =
        attempts.untilOneSucceeds(
            () -> {
              triedNanos.add(System.nanoTime());
              return triedNanos.size() < 3
                  ? CompletableFuture.failedFuture(new IllegalStateException("not yet"))
                  : CompletableFuture.completedFuture("there");
            },
            "it did not come up");
    assertThat(result).isEqualTo("there");
    assertThat(triedNanos).hasSize(3);
    assertThat(triedNanos.get(2) - triedNanos.get(0)).isGreaterThan(2 * PAUSE.toNanos() - 1);
  }

  @Test
  void triesAgainWhatTakesTooLong() {
    Attempts hasty = new Attempts(kit.system(), Duration.ofMillis(1), Duration.ofMillis(50));
    List<String> tries = new ArrayList<>();
    assertThat(
            hasty.untilOneSucceeds(
                () -> {
                  tries.add("try");
                  return tries.size() == 1
                      ? new CompletableFuture<String>()
                      : CompletableFuture.completedFuture("there");
                },
                "it did not come up"))
        .isEqualTo("there");
  }

  @Test
  void givesUpWhatCanNeverBe() {
    StoreSetupException cause = new StoreSetupException("another keyspace");
    assertThatThrownBy(
            () ->
                attempts.untilOneSucceeds(
                    () -> CompletableFuture.failedFuture(cause), "it did not come up"))
        .isInstanceOf(NodeStartException.class)
        .hasMessage("another keyspace");
  }

  /** Guards the process of a node that is removed before it serves: it has to end, to come back. */
  @Test
  void aNodeThatEndsWaitsForNothing() {
    kit.system().terminate();
    assertThatThrownBy(
            () -> attempts.untilOneSucceeds(CompletableFuture::new, "it did not come up"))
        .hasMessage("the node has ended before it could serve");
    assertThatThrownBy(
            () -> attempts.untilOneSucceeds(CompletableFuture::new, "it did not come up"))
        .hasMessage("the node has ended before it could serve");
  }
}
