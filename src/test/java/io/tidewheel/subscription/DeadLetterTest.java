package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Dead letters reach their topic once, whatever ends between the steps. */
class DeadLetterTest {
  private final Fixture f = new Fixture();

  @AfterEach
  void stop() {
    f.close();
  }

  @Test
  void aRejectMakesADeadLetterThatSaysWhy() {
    f.start();
    Message message =
        keyed("x", "payload").withId("id-1").withHeaders(Map.of("h", "v")).withContentType("t/x");
    f.publish(message, keyed("x", "next"));
    Delivery delivery = f.pull(1).get(0);
    assertThat(reject(delivery)).isEqualTo(SettleStatus.REJECTED);
    Reader.Status status = awaitDead(1);
    assertThat(status.floor()).isEqualTo(1);
    // Settled is settled; how, is not kept.
    assertThat(reject(delivery)).isEqualTo(SettleStatus.ACKED);
    Message dead = f.deadLetters.stored.get(0);
    assertThat(dead.payload()).isEqualTo(message.payload());
    assertThat(dead.key()).isEqualTo("x");
    assertThat(dead.id()).isNull();
    assertThat(dead.contentType()).isEqualTo("t/x");
    assertThat(dead.headers())
        .containsEntry("h", "v")
        .containsEntry("tidewheel-dead-reason", "rejected: broken")
        .containsEntry("tidewheel-dead-attempts", "1")
        .containsEntry("tidewheel-dead-topic", "orders")
        .containsEntry("tidewheel-dead-subscription", "billing")
        .containsEntry("tidewheel-dead-queue", "2")
        .containsEntry("tidewheel-dead-offset", "0")
        .containsEntry("tidewheel-dead-id", "id-1")
        .containsKeys("tidewheel-dead-published-at", "tidewheel-dead-history");
    assertThat(f.awaitPull(1)).extracting(Fixture::text).containsExactly("next");
  }

  @Test
  void theLastFailedAttemptMakesADeadLetter() {
    f.settings(s -> Settings.maxAttempts(s, 3));
    f.start();
    f.publish(free("a"));
    for (int attempt = 1; attempt <= 3; attempt++) {
      Delivery delivery = f.awaitPull(1).get(0);
      assertThat(delivery.attempt()).isEqualTo(attempt);
      if (attempt == 2) {
        f.advancePast(Duration.ofSeconds(30));
      } else {
        assertThat(f.nack(delivery, Duration.ZERO)).isEqualTo(SettleStatus.NACKED);
      }
    }
    awaitDead(1);
    assertThat(f.pull(1)).isEmpty();
    assertThat(f.deadLetters.stored.get(0).headers().get("tidewheel-dead-history"))
        .contains("1 ", "nacked: no luck; 2 ", "lease ended; 3 ");
  }

  @Test
  void waitsWithAReasonWhileItCantBeStoredAndSurvivesARestart() {
    f.deadLetters.refuse(true);
    f.start();
    f.publish(free("a"));
    reject(f.pullOne());
    Reader.Status waiting = f.await(s -> "dead-letter: the backlog is full".equals(s.stopReason()));
    assertThat(waiting.deadPending()).isEqualTo(1);
    assertThat(waiting.floor()).isZero();
    f.restart();
    assertThat(f.pull(1)).isEmpty();
    f.deadLetters.refuse(false);
    awaitDead(1);
    assertThat(f.deadLetters.storedCount()).isEqualTo(1);
  }

  @Test
  void doesNotDoubleWhenItEndsBetweenSendingAndTheAnswer() {
    f.deadLetters.answer(false);
    f.start();
    f.publish(free("a"), free("b"));
    List<Delivery> given = f.pull(2);
    reject(given.get(0));
    reject(given.get(1));
    f.await(status -> f.deadLetters.storedCount() == 1);
    f.restart();
    f.deadLetters.answer(true);
    awaitDead(2);
    assertThat(f.deadLetters.stored).extracting(m -> (int) m.payload()[0]).containsExactly(97, 98);
  }

  @Test
  void doesNotDoubleWhenTheAnswerCantBeStored() {
    f.deadLetters.answer(false);
    f.start();
    f.publish(free("a"));
    reject(f.pullOne());
    f.await(status -> f.deadLetters.storedCount() == 1);
    f.journal.failNextPersisted(f.persistenceId());
    f.deadLetters.answer(true);
    Reader.Status status = awaitDead(1);
    assertThat(status.floor()).isEqualTo(1);
    assertThat(f.deadLetters.appendCount()).isGreaterThanOrEqualTo(3);
    assertThat(f.deadLetters.storedCount()).isEqualTo(1);
  }

  @Test
  void isNotGivenOutAgainWhenTheRejectCantBeStored() {
    f.start();
    f.publish(free("a"));
    Delivery delivery = f.pullOne();
    f.journal.failNextPersisted(f.persistenceId());
    assertThat(reject(delivery)).isEqualTo(SettleStatus.RETRY);
    awaitAdvancing(status -> f.pull(1).isEmpty() && reject(delivery) == SettleStatus.REJECTED);
    awaitDead(1);
    assertThat(f.deadLetters.storedCount()).isEqualTo(1);
  }

  @Test
  void aDeadLetterDoesNotDieAgain() {
    f.catalog.rename("orders~billing");
    f.start();
    f.publish(free("a"));
    assertThat(reject(f.pullOne())).isEqualTo(SettleStatus.NACKED);
    assertThat(f.status().waiting()).isEqualTo(1);
    f.advancePast(Duration.ofMinutes(5));
    assertThat(f.awaitPull(1).get(0).attempt()).isEqualTo(2);
    assertThat(f.deadLetters.storedCount()).isZero();
  }

  @Test
  void keepsTheLimitsOfHeaders() {
    Map<String, String> own = new LinkedHashMap<>();
    for (int i = 0; i < Limits.MAX_HEADER_COUNT; i++) {
      own.put("h" + i, "v".repeat(200));
    }
    Attempt attempt = new Attempt(1, 0, Cause.REJECTED, "r".repeat(200));
    Message dead =
        DeadLetter.of(
            new DeadLetter.Origin("t", "s", 0),
            Message.of(new byte[1]).withHeaders(own),
            0,
            new Pending(1, 5, 1, attempt, 1, false),
            List.of());
    assertThat(dead.headers()).hasSizeLessThanOrEqualTo(Limits.MAX_HEADER_COUNT);
    assertThat(dead.headers()).containsKeys("tidewheel-dead-offset", DeadLetter.DROPPED);
  }

  private SettleStatus reject(Delivery delivery) {
    return f.settle(new SettleAction.Reject("broken"), delivery).get(0);
  }

  private Reader.Status awaitDead(int count) {
    return awaitAdvancing(status -> status.deadCount() == count && status.deadPending() == 0);
  }

  /** Lets time pass until something is so. */
  private Reader.Status awaitAdvancing(Predicate<Reader.Status> condition) {
    return f.await(
        status -> {
          if (condition.test(status)) {
            return true;
          }
          f.advance(Duration.ofMillis(100));
          return false;
        });
  }
}
