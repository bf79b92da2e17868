package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static io.tidewheel.subscription.Fixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Queue;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.subscription.Subscription.ReplayOutcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Changing the position, and single messages once more. */
class SeekTest {
  private final Fixture f = new Fixture();

  @AfterEach
  void stop() {
    f.close();
  }

  @Test
  void goesBackToTheEarliestAndOldReceiptsAreWorthless() {
    f.start();
    f.publish(free("a"), free("b"), free("c"));
    List<Delivery> given = f.pull(2);
    assertThat(f.ack(given.get(0))).isEqualTo(SettleStatus.ACKED);
    assertThat(f.seek(new Position.Earliest())).isEqualTo(new Subscription.Sought(2, 2, 0));
    assertThat(f.ack(given.get(0))).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.ack(given.get(1))).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.nack(given.get(1), null)).isEqualTo(SettleStatus.EXPIRED);
    assertThat(f.status().generation()).isEqualTo(2);
    assertThat(f.status().leased()).isZero();
    f.await(status -> status.dispatchable() == 3);
    assertThat(f.pull(10)).extracting(Fixture::text).containsExactly("a", "b", "c");
    f.restart();
    assertThat(f.status().generation()).isEqualTo(2);
    assertThat(f.drainTexts()).containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void goesToTheLatestATimeAndAnOffset() {
    f.start();
    f.publish(free("a"), free("b"));
    f.advance(Duration.ofMinutes(1));
    long minute = f.millis();
    f.publish(free("c"), free("d"));
    assertThat(f.seek(new Position.Latest())).isEqualTo(new Subscription.Sought(2, 2, 4));
    assertThat(f.status().backlog()).isZero();
    assertThat(f.seek(new Position.Time(minute))).isEqualTo(new Subscription.Sought(2, 3, 2));
    assertThat(text(f.pullOne())).isEqualTo("c");
    assertThat(f.seek(new Position.Offset(3))).isEqualTo(new Subscription.Sought(2, 4, 3));
    assertThat(f.drainTexts()).containsExactly("d");
    f.publish(free("e"));
    assertThat(f.drainTexts()).containsExactly("e");
  }

  @Test
  void isTakenToTheNearestThatTheLogHas() {
    f.start();
    f.publish(free("a"), free("b"));
    f.publish(free("c"));
    assertThat(f.seek(new Position.Offset(99))).isEqualTo(new Subscription.Sought(2, 2, 3));
    f.log.trim(2);
    assertThat(f.seek(new Position.Offset(0))).isEqualTo(new Subscription.Sought(2, 3, 2));
    assertThat(f.drainTexts()).containsExactly("c");
  }

  @Test
  void aSeekThatMayNotBeStoredSaysSo() {
    f.start();
    f.publish(free("a"));
    f.journal.failNextPersisted(f.persistenceId());
    assertThat(f.seek(new Position.Latest())).isInstanceOf(Subscription.NotSought.class);
    f.advance(Duration.ofSeconds(2));
    f.await(
        status -> {
          f.advance(Duration.ofMillis(100));
          return f.seek(new Position.Latest()) instanceof Subscription.Sought;
        });
  }

  @Test
  void whatIsOnItsWayToTheDeadLettersStaysThere() {
    f.deadLetters.refuse(true);
    f.start();
    f.publish(free("a"), free("b"));
    f.settle(new SettleAction.Reject("broken"), f.pull(1).get(0));
    f.seek(new Position.Earliest());
    f.deadLetters.refuse(false);
    f.await(
        status -> {
          f.advance(Duration.ofMillis(100));
          return status.deadCount() == 1;
        });
    assertThat(f.drainTexts()).containsExactly("b");
    assertThat(f.deadLetters.storedCount()).isEqualTo(1);
  }

  /** Guards whoever waits for a read of the log that does not end before the front does. */
  @Test
  void whoWaitsForTheLogIsAnsweredWhenItStops() {
    f.start();
    f.publish(free("a"));
    assertThat(f.ack(f.pullOne())).isEqualTo(SettleStatus.ACKED);
    f.log.fallSilent();
    TestProbe<Subscription.SeekReply> sought = f.kit.createTestProbe();
    f.ref().tell(new Subscription.Seek(new Position.Time(5), sought.getRef()));
    f.ref().tell(new Subscription.Replay(0, f.replayed.getRef()));
    f.status();
    f.kill();
    assertThat(sought.receiveMessage()).isInstanceOf(Subscription.NotSought.class);
    assertThat(f.replayed.receiveMessage().outcome()).isEqualTo(ReplayOutcome.UNKNOWN);
  }

  @Test
  void readsForABoundedNumberOfReplaysAtATime() {
    f.start();
    f.publish(free("a"));
    assertThat(f.ack(f.pullOne())).isEqualTo(SettleStatus.ACKED);
    f.log.fallSilent();
    TestProbe<Subscription.Replayed> others = f.kit.createTestProbe();
    for (int i = 0; i < Replays.MAX_OPEN; i++) {
      f.ref().tell(new Subscription.Replay(0, others.getRef()));
    }
    assertThat(f.replay(0)).isEqualTo(ReplayOutcome.NOT_NOW);
  }

  @Test
  void aSettledMessageIsStoredAgainForThisSubscriptionOnly() {
    f.start();
    f.publish(keyed("x", "a").withId("id-1"), free("b"));
    assertThat(f.ack(f.pull(1).get(0))).isEqualTo(SettleStatus.ACKED);
    f.ref().tell(new Subscription.Replay(0, f.replayed.getRef()));
    Queue.Command asked = f.queue.receiveMessage();
    while (!(asked instanceof Queue.Append)) {
      asked = f.queue.receiveMessage();
    }
    Message copy = ((Queue.Append) asked).messages().get(0);
    assertThat(copy.onlyFor()).isEqualTo(Fixture.UID);
    assertThat(copy.key()).isEqualTo("x");
    assertThat(copy.id()).isNull();
    assertThat(copy.headers())
        .containsEntry("tidewheel-replay-offset", "0")
        .containsEntry("tidewheel-replay-id", "id-1");
    assertThat(f.replay(1)).isEqualTo(ReplayOutcome.STILL_OPEN);
    assertThat(f.replay(7)).isEqualTo(ReplayOutcome.NOT_FOUND);
  }
}
