package io.tidewheel.worker;

import static io.tidewheel.worker.RedriveFixture.all;
import static io.tidewheel.worker.RedriveFixture.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.subscription.Redriving.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class RedriveTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());

  private final RedriveFixture f = new RedriveFixture(KIT);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  /** Guards against loss: a dead letter is settled only when its message is stored. */
  @Test
  void storesFirstAndSettlesTheDeadLetterThen() throws Exception {
    f.die(40, "x", "rejected: broken");
    f.storeGate = new CompletableFuture<>();
    Redrive redrive = f.start(all());
    awaitSteps(2);
    assertThat(f.steps()).containsExactly("reopen 40", "store 40");
    assertThat(f.settled).isEmpty();
    f.storeGate.complete(null);
    f.finish(redrive);
    assertThat(f.steps()).containsExactly("reopen 40", "store 40", "discharge [0]");
    assertThat(f.settled).containsExactly(0L);
    Message copy = f.copies.get(0);
    assertThat(copy.onlyFor()).isEqualTo(RedriveFixture.SUBSCRIPTION);
    assertThat(copy.key()).isEqualTo("x");
    assertThat(new String(copy.payload(), StandardCharsets.UTF_8)).isEqualTo("m40");
    assertThat(copy.id()).isEqualTo("tidewheel-redrive-9-1-0");
    assertThat(copy.headers())
        .containsOnlyKeys("own", "tidewheel-replay-offset", "tidewheel-replay-id")
        .containsEntry("tidewheel-replay-offset", "40")
        .containsEntry("tidewheel-replay-id", "id-40");
  }

  @Test
  void whatIsReopenedOrStillOpenIsNotStoredAgain() throws Exception {
    f.die(1, "a", "rejected");
    f.die(2, "b", "nacked");
    f.outcomes.put(1L, Outcome.REOPENED);
    f.outcomes.put(2L, Outcome.STILL_OPEN);
    assertThat(f.run(all()).redriven()).isEqualTo(2);
    assertThat(f.steps()).contains("reopen 1", "reopen 2").noneMatch(s -> s.startsWith("store"));
    assertThat(f.settled).containsExactly(0L, 1L);
  }

  @Test
  void goesOverAllInOrderAndLeavesWhatComesMeanwhile() throws Exception {
    for (int i = 0; i < 250; i++) {
      f.die(i, "k" + i % 10, "rejected");
    }
    f.settled.add(17L);
    f.held.add(18L);
    f.storeGate = new CompletableFuture<>();
    Redrive redrive = f.start(all());
    awaitSteps(2);
    f.die(999, "late", "rejected");
    f.storeGate.complete(null);
    f.finish(redrive);
    assertThat(f.copies)
        .extracting(copy -> Long.parseLong(copy.headers().get("tidewheel-replay-offset")))
        .containsExactlyElementsOf(
            LongStream.range(0, 250).filter(i -> i != 17 && i != 18).boxed().toList());
    RedriveProgress end = f.progress();
    assertThat(end.total()).isEqualTo(249);
    assertThat(end.scanned()).isEqualTo(249);
    assertThat(end.skipped()).isEqualTo(1);
    assertThat(end.redriven()).isEqualTo(248);
    assertThat(end.first()).hasSize(10);
    f.held.clear();
    assertThat(f.run(all()).redriven()).isEqualTo(2);
  }

  @Test
  void leavesWhatIsNotSelected() throws Exception {
    f.die(0, "x", "rejected: a");
    f.die(1, "y", "nacked: b");
    f.die(2, "x", "lease ended");
    f.die(3, "x", "expired");
    assertThat(redriven(select(Set.of("id-1", "id-3", "none"), null, null, 0, 9))).isEqualTo("1,3");
    assertThat(redriven(select(Set.of(), "attempts", null, 0, 9))).isEqualTo("1,2");
    assertThat(redriven(select(Set.of(), "lease-ended", null, 0, 9))).isEqualTo("2");
    assertThat(redriven(select(Set.of(), "rejected", "x", 0, 9))).isEqualTo("0");
    assertThat(redriven(select(Set.of(), "rejected", "y", 0, 9))).isEmpty();
    assertThat(redriven(select(Set.of(), null, null, 1, 9))).isEmpty();
    assertThat(redriven(select(Set.of(), null, null, 0, 1))).isEqualTo("0,1,2,3");
    f.settled.clear();
    assertThat(redriven(request(3, 100, false))).isEqualTo("0,1,2");
    assertThat(redriven(request(3, 100, false))).isEqualTo("3");
  }

  /** Redrives, gives the offsets of what was redriven, and puts all back. */
  private String redriven(RedriveRequest request) throws Exception {
    boolean isPutBack = request.max() > 3;
    f.steps.clear();
    f.run(request);
    if (isPutBack) {
      f.settled.clear();
    }
    return String.join(
        ",",
        f.steps().stream()
            .filter(step -> step.startsWith("store "))
            .map(step -> step.substring(6))
            .toList());
  }

  private static RedriveRequest select(
      Set<String> ids, String cause, String key, long from, long to) {
    return new RedriveRequest(
        ids,
        cause,
        key,
        RedriveFixture.AT + from,
        RedriveFixture.AT + to,
        Integer.MAX_VALUE,
        1_000,
        false);
  }

  @Test
  void aDryRunOnlyLooks() throws Exception {
    for (int i = 0; i < 100; i++) {
      f.die(i, null, "rejected");
    }
    RedriveProgress end = f.run(request(50, 1, true));
    assertThat(f.steps()).isEmpty();
    assertThat(end.selected()).isEqualTo(50);
    assertThat(end.bytes()).isEqualTo(10 * 2 + 40 * 3);
    assertThat(end.redriven()).isZero();
    assertThat(end.first()).hasSize(10);
    assertThat(end.first().get(3).id()).isEqualTo("id-3");
  }

  @Test
  void keepsItsRate() throws Exception {
    for (int i = 0; i < 100; i++) {
      f.die(i, "k" + i, "rejected");
    }
    f.run(request(Integer.MAX_VALUE, 50, false));
    long first = f.storedAtNanos.get(0);
    for (int i = 0; i < 100; i++) {
      double seconds = (f.storedAtNanos.get(i) - first) / 1e9;
      assertThat(i + 1).isLessThanOrEqualTo((int) (50 * (seconds + 0.1)) + 1);
    }
    assertThat((f.storedAtNanos.get(99) - first) / 1e9).isBetween(1.8, 2.6);
  }

  @Test
  void aSecondOneOfASubscriptionIsRefusedByTheNameOfTheFirst() throws Exception {
    f.die(0, "x", "rejected");
    f.storeGate = new CompletableFuture<>();
    Redrive first = f.start(all());
    awaitSteps(2);
    assertThatThrownBy(() -> f.begin("second", all()).get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(RedriveRefusedException.class)
        .hasMessageContaining("first");
    f.storeGate.complete(null);
    f.finish(first);
    f.run(all());
    assertThat(f.copies).hasSize(1);
  }

  @Test
  void aCancelledOneFinishesWhatItHasInHandAndTheNextGoesOn() throws Exception {
    for (int i = 0; i < 200; i++) {
      f.die(i, "k" + i, "rejected");
    }
    f.storeGate = new CompletableFuture<>();
    Redrive first = f.start(all());
    awaitSteps(2);
    first.cancel();
    f.storeGate.complete(null);
    assertThatThrownBy(() -> f.finish(first)).isInstanceOf(CancellationException.class);
    assertThat(f.settled).hasSameSizeAs(f.copies);
    assertThat(f.copies).isNotEmpty().hasSizeLessThan(200);
    long done = f.copies.size();
    assertThat(f.run(all()).redriven()).isEqualTo(200 - done);
    assertThat(f.copies).hasSize(200);
  }

  @Test
  void whatIsNotReadyIsTriedAgain() throws Exception {
    f.die(0, "x", "rejected");
    f.outcomes.put(0L, Outcome.NOT_NOW);
    Redrive redrive = f.start(all());
    awaitSteps(3);
    f.outcomes.put(0L, Outcome.REOPENED);
    f.finish(redrive);
    assertThat(f.settled).containsExactly(0L);
  }

  @Test
  void afterAMinuteWithoutSuccessItFailsAndAllIsLeft() throws Exception {
    f.die(0, "x", "rejected");
    f.nextResult =
        new PublishResult.Refused(PublishResult.Reason.OVER_LIMIT, "the backlog is full");
    Redrive stuck = f.start(all());
    assertThatThrownBy(() -> f.finish(stuck, Duration.ofSeconds(5)))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(RedriveFailedException.class)
        .hasMessageContaining("the backlog is full");
    assertThat(f.settled).isEmpty();
    f.nextResult = null;
    assertThat(f.run(all()).redriven()).isEqualTo(1);
  }

  @Test
  void whatCannotBeStoredStaysADeadLetter() throws Exception {
    f.die(0, "x", "rejected");
    f.nextResult = new PublishResult.Refused(PublishResult.Reason.TOO_LARGE, "too large");
    RedriveProgress end = f.run(all());
    assertThat(end.failed()).isEqualTo(1);
    assertThat(end.redriven()).isZero();
    assertThat(f.settled).isEmpty();
  }

  @Test
  void aMessageThatIsNoDeadLetterFails() throws Exception {
    f.log.add(Message.of(new byte[1]));
    f.die(1, "x", "rejected");
    RedriveProgress end = f.run(all());
    assertThat(end.failed()).isEqualTo(1);
    assertThat(end.redriven()).isEqualTo(1);
    assertThat(f.settled).containsExactly(1L);
  }

  @Test
  void aDeletedSubscriptionEndsIt() throws Exception {
    f.die(0, "x", "rejected");
    f.outcomes.put(0L, Outcome.GONE);
    assertThatThrownBy(() -> f.run(all()))
        .hasCauseInstanceOf(RedriveFailedException.class)
        .hasMessageContaining("deleted");
    assertThat(f.settled).isEmpty();
  }

  /** Guards against an operation that ends with figures older than what was done. */
  @Test
  void aDeletedTopicEndsItAndTheFiguresAreTheLast() throws Exception {
    f.die(0, "x", "rejected");
    f.die(1, "y", "rejected");
    f.results.put(0L, new PublishResult.Refused(PublishResult.Reason.TOO_LARGE, "too large"));
    f.results.put(1L, new PublishResult.Refused(PublishResult.Reason.TOPIC_GONE, "gone"));
    assertThatThrownBy(() -> f.run(all()))
        .hasCauseInstanceOf(RedriveFailedException.class)
        .hasMessageContaining("the topic was deleted");
    assertThat(f.progress().failed()).isEqualTo(1);
  }

  @Test
  void aDefectIsNotSaidToBeTheEndOfTheNode() throws Exception {
    f.die(0, "x", "rejected");
    f.isBroken = true;
    assertThatThrownBy(() -> f.run(all()))
        .hasCauseInstanceOf(RedriveFailedException.class)
        .hasMessageContaining("ended unexpectedly");
    assertThat(f.progress().selected()).isEqualTo(1);
  }

  private void awaitSteps(int count) throws Exception {
    List<String> seen = f.steps();
    for (int i = 0; i < 100 && seen.size() < count; i++) {
      f.pass(Duration.ofMillis(100));
      seen = f.steps();
    }
    assertThat(seen).hasSizeGreaterThanOrEqualTo(count);
  }
}
