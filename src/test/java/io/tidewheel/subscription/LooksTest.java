package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.catalog.SubscriptionSettings.OnDead;
import io.tidewheel.message.Message;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Sighting.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A subscription says where its messages are, and the one gate that holds them. */
class LooksTest {
  private static final Duration LEASE = Duration.ofSeconds(30);

  private final Fixture f = new Fixture();

  @AfterEach
  void stop() {
    f.close();
  }

  @Test
  void saysWhoHoldsAMessageAndUntilWhen() {
    f.start();
    f.publish(free("a"), free("b"));
    assertThat(f.where(0).state()).isEqualTo(State.DISPATCHABLE);
    Delivery given = f.pullOne();
    Sighting leased = f.where(0);
    assertThat(leased.state()).isEqualTo(State.LEASED);
    assertThat(leased.worker()).isEqualTo("worker");
    assertThat(leased.version()).isEqualTo("1");
    assertThat(leased.untilMillis()).isEqualTo(f.millis() + LEASE.toMillis());
    assertThat(f.where(1).state()).isEqualTo(State.DISPATCHABLE);
    f.ack(given);
    assertThat(f.where(0).state()).isEqualTo(State.SETTLED);
    assertThat(f.why(0).gate()).isEqualTo(Gate.SETTLED);
  }

  @Test
  void saysWhatAFailedMessageWaitsForAndWhatWaitsBehindIt() {
    f.start();
    f.publish(keyed("k", "a"), keyed("k", "b"), keyed("other", "c"));
    f.nack(f.pull(1).get(0), Duration.ofSeconds(20));
    long due = f.millis() + 20_000;
    Sighting failed = f.where(0);
    assertThat(failed.state()).isEqualTo(State.WAITING);
    assertThat(failed.attempts()).isEqualTo(1);
    assertThat(failed.untilMillis()).isEqualTo(due);
    assertThat(failed.detail()).contains("nacked: no luck");
    Sighting behind = f.where(1);
    assertThat(behind.state()).isEqualTo(State.WAITING);
    assertThat(behind.blockedBy()).isZero();
    assertThat(f.where(2).state()).isEqualTo(State.DISPATCHABLE);

    assertThat(f.why(0).gate()).isEqualTo(Gate.NOT_DUE);
    Looks.Held held = f.why(1);
    assertThat(held.gate()).isEqualTo(Gate.KEY_BLOCKED);
    assertThat(held.offset()).isZero();
    assertThat(held.untilMillis()).isEqualTo(due);
    assertThat(f.look(new Looks.WhyKey("k"), Looks.Held.class).gate()).isEqualTo(Gate.NOT_DUE);
    assertThat(f.look(new Looks.WhyKey("other"), Looks.Held.class).gate())
        .isEqualTo(Gate.NO_WORKER);
    assertThat(f.look(new Looks.WhyKey("none"), Looks.Held.class).gate()).isEqualTo(Gate.NOTHING);
    f.advance(Duration.ofSeconds(21));
    assertThat(f.where(0).state()).isEqualTo(State.DISPATCHABLE);
  }

  @Test
  void aKeyThatWaitsBehindADeadLetterSaysWhatLiftsIt() {
    f.settings(s -> Settings.onDead(s, OnDead.PARK_KEY));
    f.start();
    f.publish(keyed("k", "a"), keyed("k", "b"));
    f.settle(new SettleAction.Reject("broken"), f.pull(1).get(0));
    f.await(status -> status.parked() == 1);
    Sighting dead = f.where(0);
    assertThat(dead.state()).isEqualTo(State.DEAD);
    assertThat(dead.isHoldingKey()).isTrue();
    Looks.Held held = f.why(1);
    assertThat(held.gate()).isEqualTo(Gate.KEY_PARKED);
    assertThat(held.offset()).isZero();
    assertThat(held.lift()).contains("redrive", "replay");
    assertThat(f.why().gate()).isEqualTo(Gate.KEY_PARKED);
    assertThat(f.replay(0)).isEqualTo(Subscription.ReplayOutcome.REOPENED);
    // Its payload was not kept meanwhile.
    assertThat(f.where(0).state()).isIn(State.UNREAD, State.DISPATCHABLE);
  }

  /**
   * Guards that the explanation asks the gates that giving out asks: they open and close as one.
   */
  @Test
  void whatIsExplainedIsWhatKeepsAPullEmpty() {
    f.start();
    f.publish(free("a"), free("b"), free("c"));
    assertThat(f.why().gate()).isEqualTo(Gate.NO_WORKER);
    assertThat(f.why().dispatchable()).isEqualTo(3);

    f.settings(s -> Settings.paused(s, true));
    assertThat(f.why().gate()).isEqualTo(Gate.PAUSED);
    assertThat(f.why(0).gate()).isEqualTo(Gate.PAUSED);
    assertThat(f.why().dispatchable()).isZero();
    assertThat(f.pull(1)).isEmpty();
    f.settings(s -> Settings.paused(s, false));

    f.isFenceHeld.set(false);
    assertThat(f.why().gate()).isEqualTo(Gate.STORE);
    assertThat(f.why(0).gate()).isEqualTo(Gate.STORE);
    assertThat(f.pull(1)).isEmpty();
    f.isFenceHeld.set(true);

    f.settings(s -> Settings.maxInFlight(s, 1));
    Delivery given = f.pull(3).get(0);
    assertThat(f.why(1).gate()).isEqualTo(Gate.IN_FLIGHT);
    assertThat(f.pull(1)).isEmpty();
    f.ack(given);
    assertThat(f.why(1).gate()).isEqualTo(Gate.NO_WORKER);
  }

  /** Guards against a node that lost the queue and still says where its messages were. */
  @Test
  void withoutTheFenceNobodyIsToldWhereMessagesAre() {
    f.start();
    f.publish(free("a"));
    f.ack(f.pullOne());
    assertThat(f.where(0).state()).isEqualTo(Sighting.State.SETTLED);
    f.isFenceHeld.set(false);
    assertThat(f.look(new Looks.Where(0), Looks.NotNow.class).detail()).contains("not confirmed");
    f.look(new Looks.ListOf(Looks.Kind.OPEN, 0, 10), Looks.NotNow.class);
    assertThat(f.replay(5)).isEqualTo(Subscription.ReplayOutcome.NOT_NOW);
    assertThat(f.seek(new Subscription.Position.Earliest()))
        .isInstanceOf(Subscription.NotSought.class);
    TestProbe<Redriving.OpenReply> found = f.kit.createTestProbe();
    f.ref().tell(new Redriving.FindOpen(0, 10, found.getRef()));
    found.expectMessage(new Redriving.NotFound(false));
    f.isFenceHeld.set(true);
    assertThat(f.where(0).state()).isEqualTo(Sighting.State.SETTLED);
  }

  @Test
  void aUsedUpRateIsAGateWithATime() {
    f.settings(s -> Settings.rateLimit(s, 0.5));
    f.start();
    f.publish(free("a"), free("b"));
    assertThat(f.pull(2)).hasSize(1);
    Looks.Held held = f.why(1);
    assertThat(held.gate()).isEqualTo(Gate.RATE);
    assertThat(held.untilMillis()).isGreaterThan(f.millis());
    assertThat(f.pull(1)).isEmpty();
  }

  @Test
  void theTimeOfARetryIsSaidWhateverTheWorkerSaid() {
    f.start();
    f.publish(free("a"));
    Delivery given = f.pullOne();
    f.settle(new SettleAction.Nack(Duration.ofSeconds(20), "locked until noon"), given);
    Looks.Held held = f.why(0);
    assertThat(held.gate()).isEqualTo(Gate.NOT_DUE);
    assertThat(held.detail())
        .contains("locked until noon")
        .contains(" until " + Instant.ofEpochMilli(f.millis() + 20_000));
  }

  @Test
  void explainsTheWholeSubscriptionByItsOldestWaitingMessage() {
    f.start();
    assertThat(f.why().gate()).isEqualTo(Gate.NOTHING);
    f.publish(keyed("k", "a"), keyed("k", "b"));
    Delivery given = f.pull(1).get(0);
    Looks.Held held = f.why();
    assertThat(held.gate()).isEqualTo(Gate.KEY_BLOCKED);
    assertThat(held.offset()).isZero();
    assertThat(held.detail()).contains("worker");
    assertThat(held.untilMillis()).isEqualTo(f.millis() + LEASE.toMillis());
    f.ack(given);
    f.ack(f.pullOne());
    assertThat(f.why().gate()).isEqualTo(Gate.NOTHING);
  }

  @Test
  void listsByOffsetInPages() {
    f.start();
    f.publish(keyed("k", "a"), keyed("k", "b"), keyed("k", "c"), free("d"), free("e"), free("g"));
    f.nack(f.pull(1).get(0), Duration.ofSeconds(20));
    Looks.Listed first = list(Looks.Kind.WAITING, 0, 2);
    assertThat(first.sightings()).extracting(Sighting::offset).containsExactly(0L, 1L);
    assertThat(first.hasMore()).isTrue();
    Looks.Listed last = list(Looks.Kind.WAITING, 2, 2);
    assertThat(last.sightings()).extracting(Sighting::offset).containsExactly(2L);
    assertThat(last.hasMore()).isFalse();
    Delivery given = f.pull(1).get(0);
    assertThat(list(Looks.Kind.LEASED, 0, 10).sightings())
        .extracting(Sighting::offset)
        .containsExactly(given.receipt().offset());
    assertThat(list(Looks.Kind.DISPATCHABLE, 0, 10).sightings()).hasSize(2);
    f.ack(given);
    assertThat(list(Looks.Kind.OPEN, 0, 10).sightings()).hasSize(5);
  }

  @Test
  void whatIsNotThisSubscriptionsBusinessIsSkipped() {
    f.start();
    Message other = Message.of(null, null, java.util.Map.of(), null, new byte[1], 71, 0);
    f.publish(other, free("b"));
    assertThat(f.where(0).state()).isIn(State.SKIPPED, State.SETTLED);
    assertThat(f.look(new Looks.Where(2), Looks.NotNow.class).detail()).contains("not reach");
  }

  @Test
  void aMessageBeforeTheStartIsSaidToBeSkipped() {
    f.start();
    f.publish(free("a"), free("b"));
    f.seek(new Subscription.Position.Offset(1));
    assertThat(f.where(0).state()).isEqualTo(State.SKIPPED);
    assertThat(f.where(0).detail()).contains("starts");
  }

  @Test
  void theLeaseThatAnOrderlyStopLeftIsStillToBeSeen() {
    f.start();
    f.publish(free("a"));
    Delivery given = f.pullOne();
    f.ref().tell(new Reader.Stop());
    f.kit.createTestProbe().expectTerminated(f.ref());
    f.start();
    Sighting leased = f.where(0);
    assertThat(leased.state()).isEqualTo(State.LEASED);
    assertThat(leased.worker()).isEqualTo("worker");
    assertThat(f.settle(new SettleAction.Ack(), List.of(given.receipt())))
        .containsExactly(SettleStatus.ACKED);
  }

  /**
   * Guards that the answer to the copy of a replay is not taken for that to a dead letter of the
   * same number, nor the other way round.
   */
  @Test
  void aReplayIsAnsweredBesideADeadLetterThatWaits() {
    f.deadLetters.refuse(true);
    f.start();
    f.publish(free("a"), free("b"));
    f.ack(f.pull(1).get(0));
    f.settle(new SettleAction.Reject("broken"), f.pull(1).get(0));
    f.await(status -> status.deadPending() == 1);
    f.ref().tell(new Subscription.Replay(0, f.replayed.getRef()));
    Queue.Append append =
        (Queue.Append)
            f.queue
                .fishForMessage(
                    Duration.ofSeconds(5),
                    command ->
                        command instanceof Queue.Append
                            ? FishingOutcomes.complete()
                            : FishingOutcomes.continueAndIgnore())
                .get(0);
    append.replyTo().tell(new AppendReply.StoredBefore(append.number()));
    assertThat(f.replayed.receiveMessage().outcome()).isEqualTo(Subscription.ReplayOutcome.UNKNOWN);
    assertThat(f.status().deadPending()).isEqualTo(1);
    assertThat(f.where(1).state()).isEqualTo(State.DEAD);
  }

  private Looks.Listed list(Looks.Kind kind, long from, int max) {
    return f.look(new Looks.ListOf(kind, from, max), Looks.Listed.class);
  }
}
