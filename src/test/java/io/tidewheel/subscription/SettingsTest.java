package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static io.tidewheel.subscription.Fixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.SubscriptionSettings.Condition;
import io.tidewheel.catalog.SubscriptionSettings.OnDead;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What settings do to what is given out: filter, time to live, rate, parked keys. */
class SettingsTest {
  private static final Map<String, List<Condition>> EU =
      Map.of("region", List.of(new Condition(Condition.Kind.EQUALS, List.of("eu"))));

  private final Fixture f = new Fixture();

  @AfterEach
  void stop() {
    f.close();
  }

  @Test
  void whatIsFilteredIsSettledWithoutAnEventOfItsOwn() {
    f.settings(s -> Settings.filter(s, EU));
    f.start();
    for (int i = 0; i < 50; i++) {
      f.publish(free("no"));
    }
    f.publish(free("yes").withHeaders(Map.of("region", "eu")));
    assertThat(f.status().backlog()).isEqualTo(1);
    long storedBefore = f.journal.persistedInStorage(f.persistenceId()).size();
    Delivery yes = f.pullOne();
    assertThat(text(yes)).isEqualTo("yes");
    assertThat(f.ack(yes)).isEqualTo(SettleStatus.ACKED);
    Reader.Status status = f.status();
    assertThat(status.floor()).isEqualTo(51);
    assertThat(status.filteredCount()).isEqualTo(50);
    assertThat(status.ackedCount()).isEqualTo(1);
    assertThat(f.journal.persistedInStorage(f.persistenceId()).size() - storedBefore)
        .isLessThanOrEqualTo(2);
    f.restart();
    assertThat(f.status().filteredCount()).isEqualTo(50);
    assertThat(f.status().floor()).isEqualTo(51);
  }

  @Test
  void whatIsFilteredIsStoredAfterAWhileAlsoWhenNothingElseIs() {
    f.settings(s -> Settings.filter(s, EU));
    f.start();
    f.publish(free("no"), free("no"));
    assertThat(f.status().floor()).isZero();
    assertThat(f.status().backlog()).isZero();
    f.advancePast(Duration.ofNanos(Ledger.MAX_PASSED_NANOS));
    f.await(status -> status.floor() == 2 && status.filteredCount() == 2);
  }

  @Test
  void aFilterThatIsChangedHoldsForWhatIsNotRead() {
    f.start();
    f.publish(free("before"));
    f.await(status -> status.dispatchable() == 1);
    f.settings(s -> Settings.filter(s, EU));
    f.publish(free("after"));
    assertThat(f.pull(10)).extracting(Fixture::text).containsExactly("before");
  }

  @Test
  void whatIsNotSettledInItsTimeBecomesADeadLetter() {
    f.catalog.ttl(Duration.ofMinutes(1));
    f.start();
    f.publish(keyed("x", "leased"), free("waiting"), expiring(f.millis() + 10_000, "own"));
    Delivery leased = f.pull(1).get(0);
    assertThat(text(leased)).isEqualTo("leased");
    f.advancePast(Duration.ofSeconds(10));
    awaitDead(1);
    assertThat(
            new String(
                f.deadLetters.stored.get(0).payload(), java.nio.charset.StandardCharsets.UTF_8))
        .isEqualTo("own");
    assertThat(f.deadLetters.stored.get(0).headers())
        .containsEntry("tidewheel-dead-reason", "expired");
    assertThat(f.settle(new SettleAction.Extend(Duration.ofMinutes(2)), leased))
        .containsExactly(SettleStatus.EXTENDED);
    f.advancePast(Duration.ofSeconds(50));
    awaitDead(2);
    assertThat(f.pull(10)).isEmpty();
    assertThat(f.nack(leased, Duration.ZERO)).isEqualTo(SettleStatus.NACKED);
    awaitDead(3);
    assertThat(f.deadLetters.stored.get(2).headers())
        .containsEntry("tidewheel-dead-reason", "expired: no luck");
    assertThat(f.status().floor()).isEqualTo(3);
  }

  @Test
  void anAckInTimeIsNoDeadLetter() {
    f.catalog.ttl(Duration.ofMinutes(1));
    f.start();
    f.publish(free("a"));
    assertThat(f.ack(f.pullOne())).isEqualTo(SettleStatus.ACKED);
    f.advancePast(Duration.ofMinutes(2));
    assertThat(f.status().floor()).isEqualTo(1);
    assertThat(f.deadLetters.storedCount()).isZero();
  }

  @Test
  void aRateLimitSpreadsWhatIsGivenOut() {
    f.settings(s -> Settings.rateLimit(s, 10.0));
    f.start();
    Message[] messages = new Message[40];
    for (int i = 0; i < messages.length; i++) {
      messages[i] = free("m" + i);
    }
    f.publish(messages);
    int given = f.pull(100).size();
    assertThat(given).isBetween(1, 2);
    assertThat(f.status().stopReason()).isEqualTo("rate-limit");
    assertThat(f.status().dispatchable()).isZero();
    for (int i = 0; i < 20; i++) {
      f.advance(Duration.ofMillis(100));
      given += f.pull(100).size();
    }
    assertThat(given).isBetween(19, 22);
    f.settings(s -> Settings.rateLimit(s, null));
    assertThat(f.pull(100)).hasSize(messages.length - given);
  }

  @Test
  void aRateLimitAnnouncesItselfWhenMoreMayBeGivenOut() {
    f.settings(s -> Settings.rateLimit(s, 10.0));
    f.start();
    f.publish(free("a"), free("b"), free("c"), free("d"));
    f.pull(10);
    f.await(status -> status.dispatchable() == 0);
    f.advance(Duration.ofMillis(300));
    f.await(status -> status.dispatchable() > 0);
    synchronized (f.rows) {
      assertThat(f.rows.get(f.rows.size() - 1).dispatchable()).isPositive();
    }
  }

  @Test
  void atMostOnceIsSettledBeforeItLeavesAndNeverComesAgain() {
    f.settings(Settings::atMostOnce);
    f.start();
    f.publish(free("a"), free("b"));
    List<Delivery> given = f.pull(1);
    assertThat(given).hasSize(1);
    assertThat(f.status().floor()).isEqualTo(1);
    f.journal.failNextPersisted(f.persistenceId());
    assertThat(f.pull(1)).isEmpty();
    f.restart();
    assertThat(f.drainTexts()).containsExactly("b");
    assertThat(f.nack(given.get(0), Duration.ZERO)).isEqualTo(SettleStatus.EXPIRED);
  }

  @Test
  void tenPoisonedKeysOfAThousandHoldNobodyAndAreCompleteAfterTheirRedrive() {
    f.settings(s -> Settings.onDead(s, OnDead.PARK_KEY));
    f.start();
    int rounds = 5;
    for (int round = 0; round < rounds; round++) {
      Message[] messages = new Message[1_000];
      for (int key = 0; key < messages.length; key++) {
        messages[key] = keyed("k" + key, key + ":" + round);
      }
      f.publish(messages);
    }
    Map<String, List<String>> seen = new TreeMap<>();
    drain(seen, true);
    assertThat(seen.values().stream().mapToInt(List::size).sum()).isEqualTo(990 * rounds);
    Reader.Status status = f.await(s -> s.parked() == 10);
    assertThat(status.backlog()).isEqualTo(10L * rounds);
    assertThat(status.waiting()).isEqualTo(10L * rounds);
    assertThat(status.floor()).isZero();
    assertThat(f.deadLetters.storedCount()).isEqualTo(10);
    f.restart();
    assertThat(f.pull(1_000)).isEmpty();
    for (int key = 0; key < 10; key++) {
      assertThat(f.replay(key)).isEqualTo(Subscription.ReplayOutcome.REOPENED);
    }
    drain(seen, false);
    assertThat(seen).hasSize(1_000);
    seen.forEach(
        (key, values) ->
            assertThat(values)
                .containsExactly(
                    key.substring(1) + ":0",
                    key.substring(1) + ":1",
                    key.substring(1) + ":2",
                    key.substring(1) + ":3",
                    key.substring(1) + ":4"));
    assertThat(f.status().floor()).isEqualTo(1_000L * rounds);
    assertThat(f.status().ackedCount()).isEqualTo(1_000L * rounds);
  }

  @Test
  void parkedKeysGoOnWhenKeysAreNotParkedAnyMore() {
    f.settings(s -> Settings.onDead(s, OnDead.PARK_KEY));
    f.start();
    f.publish(keyed("x", "x1"), keyed("x", "x2"), free("y"));
    f.settle(new SettleAction.Reject("broken"), f.pull(1).get(0));
    f.await(status -> status.parked() == 1);
    assertThat(f.pull(10)).extracting(Fixture::text).containsExactly("y");
    f.settings(s -> Settings.onDead(s, OnDead.PASS));
    assertThat(text(f.pullOne())).isEqualTo("x2");
    assertThat(f.status().deadCount()).isEqualTo(1);
    assertThat(f.status().floor()).isEqualTo(1);
  }

  /** Acks what comes, but for the first ten keys, which are rejected if they are poisoned. */
  private void drain(Map<String, List<String>> seen, boolean isPoisoned) {
    for (List<Delivery> given = f.awaitPull(500); !given.isEmpty(); given = pullSettled()) {
      List<Receipt> good = new ArrayList<>();
      List<Receipt> bad = new ArrayList<>();
      for (Delivery delivery : given) {
        String key = delivery.message().key();
        if (isPoisoned && Integer.parseInt(key.substring(1)) < 10) {
          bad.add(delivery.receipt());
        } else {
          seen.computeIfAbsent(key, name -> new ArrayList<>()).add(text(delivery));
          good.add(delivery.receipt());
        }
      }
      f.settle(new SettleAction.Ack(), good);
      f.settle(new SettleAction.Reject("poison"), bad);
    }
  }

  private List<Delivery> pullSettled() {
    f.await(status -> status.dispatchable() > 0 || status.backlog() == status.waiting());
    return f.pull(500);
  }

  private void awaitDead(int count) {
    f.await(status -> status.deadCount() == count && status.deadPending() == 0);
  }

  private static Message expiring(long atMillis, String text) {
    Message message = free(text);
    return Message.of(null, null, Map.of(), null, message.payload(), Message.FOR_ALL, atMillis);
  }
}
