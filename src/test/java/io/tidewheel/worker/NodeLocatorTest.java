package io.tidewheel.worker;

import static io.tidewheel.worker.ConsumerFixture.receipt;
import static io.tidewheel.worker.ConsumerFixture.subscription;
import static io.tidewheel.worker.ConsumerFixture.topic;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import io.tidewheel.subscription.Looks;
import io.tidewheel.subscription.PullLog;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.subscription.Sighting;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.Subscription.NotSought;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.subscription.Subscription.Replay;
import io.tidewheel.subscription.Subscription.ReplayOutcome;
import io.tidewheel.subscription.Subscription.Replayed;
import io.tidewheel.subscription.Subscription.SeekReply;
import io.tidewheel.subscription.Subscription.Sought;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class NodeLocatorTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final Duration HOUR = Duration.ofHours(1);
  private static final int MAX_QUESTIONS = 2;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
  private final ConsumerFixture fixture = new ConsumerFixture(KIT, 2, 2, MAX_QUESTIONS);

  /** Its records of settling are never read to the end. */
  private final NodeLocator locator =
      new NodeLocator(
          fixture.questions,
          new PullLog((persistenceId, from, to, maxBytes) -> new CompletableFuture<>()),
          nanos::get);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  /** Guards against an answer that takes the time limit twice. */
  @Test
  void readsTheRecordsInTheTimeThatTheLookLeft() {
    CompletionStage<Sighting> where = locator.where(topic(1), subscription(), 0, 4, 0, HOUR);
    Looks.Look look = fixture.expect(Looks.Look.class).command();
    nanos.addAndGet(HOUR.toNanos());
    Sighting settled = new Sighting(4, Sighting.State.SETTLED, 1, "", "", 0, 0, -1, false, null);
    look.replyTo().tell(new Looks.Seen(settled, 1, 0));
    assertThat(get(where)).isEqualTo(settled);
  }

  @Test
  void answersThatAQueueIsSilentWhenTheTimeIsOver() {
    CompletionStage<Looks.Answer> look = look(0);
    CompletionStage<Replayed> replay = locator.replay(topic(1), subscription(), 0, 4, HOUR);
    fixture.expect(Looks.Look.class);
    fixture.expect(Replay.class);
    fixture.time.timePasses(HOUR);
    assertThat(get(look)).isEqualTo(new Looks.NotNow("the queue did not answer in time"));
    assertThat(get(replay).outcome()).isEqualTo(ReplayOutcome.UNKNOWN);
  }

  /** What is not asked has changed nothing, and settlings have a bound of their own. */
  @Test
  void asksNobodyBeyondTheBoundOfOpenQuestions() {
    look(0);
    final Looks.Look first = fixture.expect(Looks.Look.class).command();
    look(1);
    fixture.expect(Looks.Look.class);
    assertThat(get(look(2))).isEqualTo(new Looks.NotNow("too much is asked on this node now"));
    assertThat(get(locator.replay(topic(1), subscription(), 0, 4, HOUR)).outcome())
        .isEqualTo(ReplayOutcome.NOT_NOW);
    assertThat(get(seek(1)))
        .isEqualTo(new NotSought(1, "too much is asked on this node now; ask again"));
    fixture.queues.expectNoMessage();

    CompletableFuture<List<SettleStatus>> settled =
        fixture.consumer.settle(
            topic(1), subscription(), new SettleAction.Ack(), List.of(receipt(0, 0)), HOUR);
    Subscription.Settle settle = fixture.expect(Subscription.Settle.class).command();
    settle.replyTo().tell(new Subscription.Settled(List.of(SettleStatus.ACKED)));
    assertThat(get(settled)).containsExactly(SettleStatus.ACKED);

    first.replyTo().tell(new Looks.NotNow("enough"));
    fixture.queues.awaitAssert(
        () -> {
          CompletionStage<Looks.Answer> next = look(3);
          fixture.queues.receiveMessage(Duration.ofMillis(200));
          return next;
        });
  }

  @Test
  void seeksOnAQueueOrSaysThatItIsSilent() {
    CompletionStage<SeekReply> seek = seek(1);
    fixture.expect(Subscription.Seek.class).command().replyTo().tell(new Sought(1, 2, 9));
    assertThat(get(seek)).isEqualTo(new Sought(1, 2, 9));
    CompletionStage<SeekReply> silent = seek(1);
    fixture.expect(Subscription.Seek.class);
    fixture.time.timePasses(HOUR);
    assertThat(get(silent))
        .isEqualTo(new NotSought(1, "the queue did not answer; look, and ask again"));
  }

  private CompletionStage<Looks.Answer> look(int queue) {
    return locator.look(topic(4), subscription(), queue, new Looks.Why(), HOUR);
  }

  private CompletionStage<SeekReply> seek(int queue) {
    return fixture
        .consumer
        .seek(topic(4), subscription(), Map.of(queue, new Position.Earliest()), HOUR)
        .thenApply(replies -> replies.get(queue));
  }

  private static <T> T get(CompletionStage<T> answer) {
    return answer.toCompletableFuture().orTimeout(3, TimeUnit.SECONDS).join();
  }
}
