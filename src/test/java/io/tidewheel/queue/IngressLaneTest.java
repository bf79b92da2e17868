package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.queue.IngressLane.Batch;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class IngressLaneTest {
  private static final PublishResult REFUSED =
      new PublishResult.Refused(PublishResult.Reason.OVER_LIMIT, "full");

  private final IngressLane lane = new IngressLane();

  @Test
  void whatWaitsTravelsTogether() {
    add(call(2, 10));
    add(call(1, 10));
    Batch batch = lane.next(0);
    assertThat(batch.number()).isEqualTo(1);
    assertThat(batch.messages()).hasSize(3);
    assertThat(lane.next(0)).isNull();
  }

  /** A queue keeps the results of four appends: with more on their way a lost answer is lost. */
  @Test
  void openNumbersLieWithinFour() {
    Batch first = next();
    Batch second = next();
    next();
    next();
    add(call(1, 10));
    assertThat(lane.next(0)).isNull();
    lane.close(second);
    assertThat(lane.next(0)).isNull();
    lane.close(first);
    assertThat(lane.next(0).number()).isEqualTo(5);
    assertThat(lane.open(2)).isNull();
    assertThat(lane.open(3)).isNotNull();
  }

  @Test
  void aBatchIsBoundedByCountAndBytes() {
    for (int i = 0; i <= IngressLane.MAX_BATCH_MESSAGES; i++) {
      add(call(1, 10));
    }
    assertThat(lane.next(0).messages()).hasSize(IngressLane.MAX_BATCH_MESSAGES);
    assertThat(lane.next(0).messages()).hasSize(1);
    IngressLane large = new IngressLane();
    PublishCall big = call(1, 10, IngressLane.MAX_BATCH_BYTES + 1);
    large.add(new IngressLane.Waiting(big, 0));
    large.add(new IngressLane.Waiting(call(1, 10), 0));
    assertThat(large.next(0).messages()).hasSize(1);
    assertThat(large.next(0).messages()).hasSize(1);
  }

  @Test
  void aCallThatDoesNotFitIsLeftWholeToTheNextBatch() {
    add(call(600, 10));
    PublishCall second = call(600, 10);
    add(second);
    assertThat(lane.next(0).messages()).hasSize(600);
    assertThat(lane.next(0).messages()).isEqualTo(second.messages());
  }

  /** Guards the order within one call: its second half must not be stored before its first. */
  @Test
  void aCallLargerThanABatchGoesPieceByPiece() {
    PublishCall large = call(2_500, 10);
    add(large);
    add(call(1, 10));
    Batch first = lane.next(0);
    assertThat(first.messages()).isEqualTo(large.messages().subList(0, 1_000));
    assertThat(lane.next(0)).isNull();
    lane.close(first);
    Batch second = lane.next(0);
    assertThat(second.messages()).isEqualTo(large.messages().subList(1_000, 2_000));
    assertThat(lane.next(0)).isNull();
    lane.close(second);
    assertThat(lane.next(0).messages()).hasSize(501);
  }

  @Test
  void anEndedPieceDoesNotHoldTheNextCall() {
    add(call(1_000, 10));
    add(call(1_000, 10));
    assertThat(lane.next(0)).isNotNull();
    assertThat(lane.next(0)).isNotNull();
  }

  @Test
  void whatIsExpiredIsAnsweredAndNotSent() {
    CompletableFuture<List<PublishResult>> answer = new CompletableFuture<>();
    PublishCall late = new PublishCall(List.of(Message.of(new byte[1])), 10, answer);
    add(late);
    add(call(1, 20));
    assertThat(lane.next(10).messages()).hasSize(1);
    assertThat(reasonOf(answer)).isEqualTo(PublishResult.Reason.EXPIRED);
    CompletableFuture<List<PublishResult>> waiting = new CompletableFuture<>();
    add(new PublishCall(List.of(Message.of(new byte[1])), 30, waiting));
    lane.expireWaiting(29);
    assertThat(waiting).isNotDone();
    lane.expireWaiting(30);
    assertThat(reasonOf(waiting)).isEqualTo(PublishResult.Reason.EXPIRED);
  }

  /** Guards the three outcomes: a refusal is one only if every sending was refused. */
  @Test
  void aRefusalOfARepeatDoesNotSpeakForTheFirstSending() {
    CompletableFuture<List<PublishResult>> answer = new CompletableFuture<>();
    add(new PublishCall(List.of(Message.of(new byte[1])), 10, answer));
    Batch batch = lane.next(0);
    batch.onSent();
    batch.onSent();
    batch.onRefused(REFUSED);
    assertThat(batch.mayBeStored()).isTrue();
    batch.giveUp();
    assertThat(answer.join().get(0)).isInstanceOf(PublishResult.Unknown.class);
  }

  @Test
  void whatWasRefusedEachTimeIsRefused() {
    CompletableFuture<List<PublishResult>> answer = new CompletableFuture<>();
    add(new PublishCall(List.of(Message.of(new byte[1])), 10, answer));
    Batch batch = lane.next(0);
    batch.onSent();
    batch.onRefused(REFUSED);
    batch.onSent();
    batch.onRefused(REFUSED);
    assertThat(batch.mayBeStored()).isFalse();
    batch.giveUp();
    assertThat(answer.join()).containsExactly(REFUSED);
  }

  @Test
  void givingUpAnswersEverything() {
    CompletableFuture<List<PublishResult>> sent = new CompletableFuture<>();
    add(new PublishCall(List.of(Message.of(new byte[1])), 10, sent));
    lane.next(0).onSent();
    CompletableFuture<List<PublishResult>> waiting = new CompletableFuture<>();
    add(new PublishCall(List.of(Message.of(new byte[1])), 10, waiting));
    lane.giveUp();
    assertThat(sent.join().get(0)).isInstanceOf(PublishResult.Unknown.class);
    assertThat(reasonOf(waiting)).isEqualTo(PublishResult.Reason.UNAVAILABLE);
    assertThat(lane.isIdle()).isTrue();
  }

  private Batch next() {
    add(call(1, 10));
    return lane.next(0);
  }

  /** Guards against {@code not_stored} for what the queue that it was taken from had stored. */
  @Test
  void noRefusalSpeaksForAQueueThatItWasTakenFrom() {
    CompletableFuture<List<PublishResult>> late = new CompletableFuture<>();
    CompletableFuture<List<PublishResult>> refused = new CompletableFuture<>();
    List<Message> one = call(1, 10).messages();
    add(new PublishCall(one, 10, late));
    lane.next(0).onSent();
    add(new PublishCall(one, 100, refused));
    lane.next(0).onSent();
    IngressLane other = new IngressLane();
    lane.takeFree().forEach(other::add);
    other.expireWaiting(50);
    Batch batch = other.next(50);
    batch.onSent();
    batch.onRefused(REFUSED);
    batch.giveUp();
    assertThat(late.join()).containsExactly(IngressLane.unknown());
    assertThat(refused.join()).containsExactly(IngressLane.unknown());
  }

  private void add(PublishCall call) {
    for (int i = 0; i < call.messages().size(); i++) {
      lane.add(new IngressLane.Waiting(call, i));
    }
  }

  private static PublishCall call(int count, long deadlineNanos) {
    return call(count, deadlineNanos, 1);
  }

  private static PublishCall call(int count, long deadlineNanos, int bytes) {
    Message message = Message.of(new byte[bytes]);
    return new PublishCall(
        Collections.nCopies(count, message), deadlineNanos, new CompletableFuture<>());
  }

  private static PublishResult.Reason reasonOf(CompletableFuture<List<PublishResult>> answer) {
    return ((PublishResult.Refused) answer.join().get(0)).reason();
  }
}
