package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static io.tidewheel.subscription.Fixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.catalog.SubscriptionSettings.Condition;
import io.tidewheel.catalog.SubscriptionSettings.OnDead;
import io.tidewheel.message.Message;
import io.tidewheel.subscription.Redriving.Found;
import io.tidewheel.subscription.Redriving.Outcome;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What subscriptions do for a redrive. */
class RedrivingTest {
  private static final Map<String, List<Condition>> NEVER =
      Map.of("none", List.of(new Condition(Condition.Kind.EXISTS, List.of("true"))));

  private final Fixture f = new Fixture();

  @AfterEach
  void stop() {
    f.close();
  }

  @Test
  void findsWhatIsNotSettledAndSettlesItWhoeverHoldsIt() {
    f.start();
    f.publish(free("a"), free("b"), free("c"), free("d"));
    List<Delivery> given = f.pull(2);
    f.ack(given.get(0));
    assertThat(find(0, Long.MAX_VALUE))
        .isEqualTo(new Found(0, 1, List.of(2L, 3L), List.of(1L), 4, 3, 4));
    assertThat(find(3, 4)).isEqualTo(new Found(3, 1, List.of(3L), List.of(), 4, 1, 4));
    assertThat(discharge(List.of(0L, 1L, 2L))).isTrue();
    assertThat(f.status().floor()).isEqualTo(3);
    assertThat(f.status().leased()).isZero();
    assertThat(discharge(List.of(0L, 1L, 2L))).isTrue();
    f.restart();
    assertThat(f.drainTexts()).containsExactly("d");
    assertThat(f.status().ackedCount()).isEqualTo(4);
    assertThat(find(0, Long.MAX_VALUE)).isEqualTo(new Found(0, 1, List.of(), List.of(), 4, 0, 4));
  }

  @Test
  void aDischargeThatMayNotBeStoredSaysSo() {
    f.start();
    f.publish(free("a"));
    f.journal.failNextPersisted(f.persistenceId());
    assertThat(discharge(List.of(0L))).isFalse();
  }

  /** Guards a key that would wait for ever: a message on its way to be parked is not passed by. */
  @Test
  void reopensWhatIsParkedAndWaitsForWhatIsDying() {
    f.settings(s -> Settings.onDead(s, OnDead.PARK_KEY));
    f.deadLetters.refuse(true);
    f.start();
    f.publish(keyed("x", "x1"), keyed("x", "x2"), free("y"));
    assertThat(reopen(0)).isEqualTo(Outcome.STILL_OPEN);
    f.settle(new SettleAction.Reject("broken"), f.pull(1).get(0));
    f.await(status -> status.deadPending() == 1);
    assertThat(reopen(0)).isEqualTo(Outcome.NOT_NOW);
    f.deadLetters.refuse(false);
    f.await(
        status -> {
          f.advance(java.time.Duration.ofMillis(100));
          return status.parked() == 1;
        });
    assertThat(reopen(0)).isEqualTo(Outcome.REOPENED);
    assertThat(reopen(0)).isEqualTo(Outcome.STILL_OPEN);
    Delivery again = f.pullOne();
    assertThat(text(again)).isEqualTo("x1");
    assertThat(again.attempt()).isEqualTo(1);
    assertThat(f.ack(again)).isEqualTo(SettleStatus.ACKED);
    assertThat(reopen(0)).isEqualTo(Outcome.SETTLED);
    assertThat(f.drainTexts()).contains("x2");
    assertThat(reopen(99)).isEqualTo(Outcome.SETTLED);
  }

  @Test
  void aCopyOfADeadLetterIsForOneSubscriptionAndKnowsItsOwnId() {
    f.start();
    f.publish(keyed("x", "payload").withId("id-1"));
    f.settle(new SettleAction.Reject("broken: twice"), f.pull(1).get(0));
    f.await(status -> status.deadCount() == 1);
    DeadMessage dead = DeadMessage.of(f.deadLetters.stored.get(0));
    assertThat(dead.cause()).isEqualTo("rejected");
    assertThat(dead.id()).isEqualTo("id-1");
    Message copy = dead.copy(9, 1, 4, Fixture.UID);
    assertThat(copy.id()).isEqualTo("tidewheel-redrive-9-1-4");
    f.settings(s -> Settings.filter(s, NEVER));
    f.publish(copy);
    f.settle(new SettleAction.Reject("again"), f.pullOne());
    f.await(status -> status.deadCount() == 2);
    DeadMessage second = DeadMessage.of(f.deadLetters.stored.get(1));
    assertThat(second.id()).isEqualTo("id-1");
    assertThat(second.offset()).isEqualTo(1);
    assertThat(DeadMessage.of(free("no dead letter"))).isNull();
  }

  private Found find(long from, long end) {
    TestProbe<Redriving.OpenReply> probe = f.kit.createTestProbe();
    f.ref().tell(new Redriving.FindOpen(from, end, probe.getRef()));
    return (Found) probe.receiveMessage();
  }

  private boolean discharge(List<Long> offsets) {
    TestProbe<Redriving.Discharged> probe = f.kit.createTestProbe();
    f.ref().tell(new Redriving.Discharge(offsets, probe.getRef()));
    return probe.receiveMessage().isStored();
  }

  private Outcome reopen(long offset) {
    TestProbe<Redriving.Reopened> probe = f.kit.createTestProbe();
    f.ref().tell(new Redriving.Reopen(offset, 1, probe.getRef()));
    return probe.receiveMessage().outcome();
  }
}
