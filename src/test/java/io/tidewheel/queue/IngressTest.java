package io.tidewheel.queue;

import static io.tidewheel.queue.QueueFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.journal.MemoryStore.Step;
import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Publishing from a node, through the queue that a test plays itself or a real one. */
class IngressTest {
  private static final Duration TIME = Duration.ofSeconds(30);
  private static final int REPEATS = 5;

  private final QueueFixture fixture = new QueueFixture();
  private final TestProbe<Queue.Command> queue = fixture.kit.createTestProbe();
  private final ByteBudget budget = new ByteBudget(4_000);
  private final NodePublisher publisher =
      publisher((topicUid, number, command) -> queue.getRef().tell(command));

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void answersWithOneResultPerMessageInOrder() {
    CompletableFuture<List<PublishResult>> answer = publish("a", "b");
    Queue.Append append = append();
    assertThat(append.number()).isEqualTo(1);
    assertThat(append.timeLeftMillis()).isEqualTo(30_000);
    assertThat(append.messages()).containsExactly(text("a"), text("b"));
    decide(append, 7, AppendResults.ofCodes(new long[] {5, AppendResults.codeOfDuplicate(2)}));
    assertThat(join(answer))
        .containsExactly(
            new PublishResult.Stored(7, 5, false), new PublishResult.Stored(7, 2, true));
    assertThat(budget.used()).isZero();
  }

  @Test
  void aCallWithoutMessagesIsAnsweredAtOnce() {
    assertThat(publish()).isCompletedWithValue(List.of());
  }

  @Test
  void refusesBeyondTheBudgetOfTheNodeAndTakesAgainLater() {
    CompletableFuture<List<PublishResult>> first = publish("x".repeat(2_500));
    assertThat(reasonOf(publish("y".repeat(2_500)))).isEqualTo(PublishResult.Reason.OVER_LIMIT);
    stored(append(), 0);
    join(first);
    publish("y".repeat(2_500));
    assertThat(append().messages()).hasSize(1);
  }

  @Test
  void refusesAPayloadLargerThanTheTopicTakes() {
    CompletableFuture<List<PublishResult>> answer =
        publisher
            .publish(topic(1), List.of(Message.of(new byte[(1 << 20) + 1])), TIME)
            .toCompletableFuture();
    assertThat(reasonOf(answer)).isEqualTo(PublishResult.Reason.TOO_LARGE);
    assertThat(budget.used()).isZero();
  }

  /** The key decides, else the id, so that order and duplicates find their queue; else in turn. */
  @Test
  void choosesTheQueueByKeyThenById() {
    List<Integer> chosen = new ArrayList<>();
    NodePublisher many =
        publisher(
            (topicUid, number, command) -> {
              synchronized (chosen) {
                chosen.add(number);
              }
              queue.getRef().tell(command);
            });
    List<Message> messages =
        List.of(text("a").withKey("k1").withId("i1"), text("b").withId("i1"), text("c"), text("d"));
    for (Message message : messages) {
      var unused = many.publish(topic(5), List.of(message), TIME);
      append();
    }
    assertThat(chosen)
        .startsWith(KeyHash.queueOf(KeyHash.of("k1"), 5), KeyHash.queueOf(KeyHash.of("i1"), 5))
        .endsWith(2, 3);
  }

  /** Guards the first sending, which may be on its way: a repeat has its number and messages. */
  @Test
  void anUnansweredBatchIsSentAgainWithItsNumber() {
    CompletableFuture<List<PublishResult>> answer = publish("a");
    Queue.Append first = append();
    fixture.advance(Duration.ofMillis(400));
    awaitTaken();
    fixture.advance(Duration.ofMillis(200));
    Queue.Append again = append();
    assertThat(again.number()).isEqualTo(first.number());
    assertThat(again.sender()).isEqualTo(first.sender());
    assertThat(again.messages()).isEqualTo(first.messages());
    assertThat(again.timeLeftMillis()).isEqualTo(29_400);
    assertThat(first.mayBeStored()).isFalse();
    assertThat(again.mayBeStored()).isTrue();
    stored(again, 3);
    assertThat(join(answer)).containsExactly(new PublishResult.Stored(0, 3, false));
    stored(first, 3);
  }

  /**
   * Guards the three outcomes: after an unknown write a repeat that is refused says nothing about
   * the first, so the caller must never be told that nothing was stored.
   */
  @Test
  void unknownThenOverLimitStaysUncertain() {
    CompletableFuture<List<PublishResult>> answer = publish("a");
    Queue.Append first = append();
    first.replyTo().tell(new AppendReply.Unknown(first.number(), "not confirmed"));
    Queue.Append again = repeated();
    again.replyTo().tell(AppendReply.refusal(1, PublishResult.Reason.OVER_LIMIT));
    stored(repeated(), 4);
    assertThat(join(answer)).containsExactly(new PublishResult.Stored(0, 4, false));
  }

  /** The same when the answer to the first sending is only late. */
  @Test
  void unansweredThenOverLimitStaysUncertain() {
    CompletableFuture<List<PublishResult>> answer = publish("a");
    append();
    fixture.advance(Duration.ofSeconds(3));
    for (int i = 0; i < REPEATS; i++) {
      repeated().replyTo().tell(AppendReply.refusal(1, PublishResult.Reason.OVER_LIMIT));
    }
    awaitTaken();
    assertThat(answer).isNotDone();
    fixture.advance(TIME);
    assertThat(join(answer)).hasOnlyElementsOfType(PublishResult.Unknown.class);
  }

  @Test
  void overLimitIsPassedOnWhenNothingWasSentBefore() {
    CompletableFuture<List<PublishResult>> answer = publish("a");
    Queue.Append first = append();
    first.replyTo().tell(AppendReply.refusal(first.number(), PublishResult.Reason.OVER_LIMIT));
    assertThat(reasonOf(answer)).isEqualTo(PublishResult.Reason.OVER_LIMIT);
    publish("b");
    assertThat(append().number()).isEqualTo(2);
  }

  @Test
  void whatWasUnavailableToTheEndIsARefusal() {
    CompletableFuture<List<PublishResult>> answer = publish("a");
    append().replyTo().tell(AppendReply.refusal(1, PublishResult.Reason.UNAVAILABLE));
    for (int i = 0; i < REPEATS; i++) {
      repeated().replyTo().tell(AppendReply.refusal(1, PublishResult.Reason.UNAVAILABLE));
    }
    awaitTaken();
    assertThat(answer).isNotDone();
    fixture.advance(TIME);
    assertThat(reasonOf(answer)).isEqualTo(PublishResult.Reason.UNAVAILABLE);
  }

  @Test
  void whatNobodyConfirmsInTimeIsUnknown() {
    CompletableFuture<List<PublishResult>> answer =
        publisher
            .publish(topic(1), List.of(text("a")), Duration.ofSeconds(1))
            .toCompletableFuture();
    append();
    fixture.advance(Duration.ofMillis(600));
    append();
    assertThat(answer).isNotDone();
    fixture.advance(Duration.ofMillis(400));
    assertThat(join(answer)).hasOnlyElementsOfType(PublishResult.Unknown.class);
    assertThat(budget.used()).isZero();
  }

  @Test
  void aResultThatIsForgottenIsUnknownAtOnce() {
    CompletableFuture<List<PublishResult>> answer = publish("a");
    append().replyTo().tell(new AppendReply.StoredBefore(1));
    assertThat(join(answer)).hasOnlyElementsOfType(PublishResult.Unknown.class);
  }

  /** Guards the node's memory: the actor of a deleted topic ends, and no call is lost with it. */
  @Test
  void aDeletedTopicLeavesNothingBehind() {
    CompletableFuture<List<PublishResult>> first = publish("a");
    Queue.Append sent = append();
    List<CompletableFuture<List<PublishResult>>> open = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      open.add(publish("open" + i));
      append();
    }
    CompletableFuture<List<PublishResult>> waiting = publish("waits");
    assertThat(publisher.ingressCount()).isEqualTo(1);
    for (long number = 1; number <= 4; number++) {
      sent.replyTo().tell(AppendReply.refusal(number, PublishResult.Reason.TOPIC_GONE));
    }
    assertThat(reasonOf(first)).isEqualTo(PublishResult.Reason.TOPIC_GONE);
    assertThat(reasonOf(waiting)).isEqualTo(PublishResult.Reason.TOPIC_GONE);
    assertThat(open)
        .allSatisfy(each -> assertThat(reasonOf(each)).isEqualTo(PublishResult.Reason.TOPIC_GONE));
    assertThat(publisher.ingressCount()).isZero();
    assertThat(budget.used()).isZero();
    CompletableFuture<List<PublishResult>> late = publish("late");
    Queue.Append again = append();
    assertThat(again.sender()).isNotEqualTo(sent.sender());
    again.replyTo().tell(AppendReply.refusal(1, PublishResult.Reason.TOPIC_GONE));
    assertThat(reasonOf(late)).isEqualTo(PublishResult.Reason.TOPIC_GONE);
  }

  /** One that notes which queues it has sent to. */
  private NodePublisher publisherOfTwo(List<Integer> chosen) {
    return publisher(
        (topicUid, number, command) -> {
          chosen.add(number);
          queue.getRef().tell(command);
        });
  }

  /** Guards publishers while the node of a queue is gone: those that may go elsewhere do. */
  @Test
  void aMessageWithNeitherKeyNorIdPassesOverAQueueThatDoesNotAnswer() {
    List<Integer> chosen = new CopyOnWriteArrayList<>();
    NodePublisher two = publisherOfTwo(chosen);
    CompletableFuture<List<PublishResult>> silent = publish(two, text("a"));
    Queue.Append first = append();
    CompletableFuture<List<PublishResult>> bound = publish(two, text("b").withKey(keyOf(0)));
    Queue.Append kept = append();
    fixture.advance(Duration.ofSeconds(1));
    Queue.Append ping = append();
    assertThat(ping.messages()).isEmpty();
    assertThat(append().messages()).as("what is bound stays").isEqualTo(kept.messages());
    Queue.Append moved = append();
    assertThat(moved.messages()).containsExactly(text("a"));
    assertThat(chosen).containsExactly(0, 0, 0, 0, 1);
    decide(moved, 1, AppendResults.stored(7, 1));
    assertThat(join(silent)).containsExactly(new PublishResult.Stored(1, 7, false));
    assertThat(bound).isNotDone();
    assertThat(moved.number()).as("counted for its queue").isEqualTo(1);

    CompletableFuture<List<PublishResult>> later = publish(two, text("c"));
    decide(append(), 1, AppendResults.stored(8, 1));
    assertThat(join(later)).containsExactly(new PublishResult.Stored(1, 8, false));
    later = publish(two, text("d"));
    decide(append(), 1, AppendResults.stored(9, 1));
    assertThat(join(later)).containsExactly(new PublishResult.Stored(1, 9, false));

    decide(ping, 0, AppendResults.stored(0, 0));
    stored(kept, 3);
    assertThat(join(bound)).containsExactly(new PublishResult.Stored(0, 3, false));
    decide(first, 0, AppendResults.stored(2, 1));
    publish(two, text("e"));
    append();
    publish(two, text("f"));
    append();
    assertThat(chosen.subList(7, 9)).as("it answers again").containsExactlyInAnyOrder(0, 1);
  }

  /** Guards publishers whose queue has a node that may not store: "not now" is no answer. */
  @Test
  void aQueueThatRefusesAgainAndAgainIsPassedOverToo() {
    List<Integer> chosen = new CopyOnWriteArrayList<>();
    NodePublisher two = publisherOfTwo(chosen);
    CompletableFuture<List<PublishResult>> answer = publish(two, text("a"));
    Queue.Append last = append();
    int refusals = 0;
    for (; chosen.get(chosen.size() - 1) == 0 && refusals < 20; refusals++) {
      last.replyTo().tell(AppendReply.refusal(last.number(), PublishResult.Reason.UNAVAILABLE));
      last = repeated();
    }
    assertThat(chosen).as("repeats each 200 ms, and after a second another queue").contains(1);
    assertThat(refusals).isLessThanOrEqualTo(10);
    Queue.Append moved = last.messages().isEmpty() ? append() : last;
    assertThat(moved.messages()).containsExactly(text("a"));
    decide(moved, 1, AppendResults.stored(7, 1));
    assertThat(join(answer)).containsExactly(new PublishResult.Stored(1, 7, false));
  }

  /** Guards a message that was bound to its queue by what travels with it. */
  @Test
  void aBatchThatHoldsAKeyedMessageStaysWhereItIs() {
    NodePublisher two = publisher((topicUid, number, command) -> queue.getRef().tell(command));
    CompletableFuture<List<PublishResult>> both =
        publish(two, text("a").withKey(keyOf(0)), text("b"));
    Queue.Append sent = append();
    assertThat(sent.messages()).hasSize(2);
    fixture.advance(Duration.ofSeconds(2));
    assertThat(append().messages()).as("a question only").isEmpty();
    decide(sent, 0, AppendResults.stored(0, 2));
    assertThat(join(both)).hasSize(2);
  }

  private static String keyOf(int number) {
    int suffix = 0;
    while (KeyHash.queueOf(KeyHash.of("k" + suffix), 2) != number) {
      suffix++;
    }
    return "k" + suffix;
  }

  @CanIgnoreReturnValue
  private static CompletableFuture<List<PublishResult>> publish(
      NodePublisher publishing, Message... messages) {
    return publishing.publish(topic(2), List.of(messages), TIME).toCompletableFuture();
  }

  @Test
  void theEndOfTheSystemAnswersEverything() {
    CompletableFuture<List<PublishResult>> answer = publish("a");
    append();
    fixture.kit.system().terminate();
    assertThat(join(answer)).hasOnlyElementsOfType(PublishResult.Unknown.class);
    assertThat(budget.used()).isZero();
  }

  /** Guards the whole path: a write that is stored but fails is one message and one answer. */
  @Test
  void aCallerSeesOneStoredMessageThroughAFailedWrite() {
    ActorRef<Queue.Command> real = fixture.start();
    NodePublisher publishing = publisher((topicUid, number, command) -> real.tell(command));
    assertThat(join(publishing.publish(topic(1), List.of(text("a")), TIME).toCompletableFuture()))
        .containsExactly(new PublishResult.Stored(0, 0, false));
    fixture.store.script(Step.STORE_AND_FAIL);
    CompletableFuture<List<PublishResult>> answer =
        publishing.publish(topic(1), List.of(text("b")), TIME).toCompletableFuture();
    TestProbe<List<PublishResult>> answered = fixture.kit.createTestProbe();
    CompletableFuture<Void> unused = answer.thenAccept(answered.getRef()::tell);
    assertThat(fixture.await(answered)).containsExactly(new PublishResult.Stored(0, 1, false));
    assertThat(fixture.stored()).containsExactly("a", "b");
  }

  private NodePublisher publisher(QueueRouter router) {
    return new NodePublisher(
        fixture.kit.system(),
        router,
        budget,
        Duration.ofSeconds(1),
        new Random(1),
        fixture.nanos::get);
  }

  private static Topic topic(int queues) {
    return new Topic(
        QueueFixture.TOPIC, "t", 1, 0, TopicSettings.defaults(queues), false, Map.of());
  }

  @CanIgnoreReturnValue
  private CompletableFuture<List<PublishResult>> publish(String... payloads) {
    List<Message> messages = List.of(payloads).stream().map(QueueFixture::text).toList();
    return publisher.publish(topic(1), messages, TIME).toCompletableFuture();
  }

  private Queue.Append append() {
    return queue.expectMessageClass(Queue.Append.class);
  }

  /** The next sending within the next second of virtual time. */
  private Queue.Append repeated() {
    return (Queue.Append) fixture.await(queue);
  }

  /**
   * Returns when everything told to the ingress so far is done, and nothing was sent because of it:
   * what is told next comes behind it, and so does the answer to that. Uses up one of the few
   * numbers that may follow an open batch.
   */
  private void awaitTaken() {
    CompletableFuture<List<PublishResult>> next = publish("next");
    Queue.Append append = append();
    assertThat(append.messages()).containsExactly(text("next"));
    stored(append, 100);
    join(next);
  }

  private static void stored(Queue.Append append, long offset) {
    decide(append, 0, AppendResults.stored(offset, append.messages().size()));
  }

  private static void decide(Queue.Append append, int queue, AppendResults results) {
    append.replyTo().tell(new AppendReply.Decided(append.number(), queue, results));
  }

  private static List<PublishResult> join(CompletableFuture<List<PublishResult>> answer) {
    return answer.orTimeout(10, TimeUnit.SECONDS).join();
  }

  private static PublishResult.Reason reasonOf(CompletableFuture<List<PublishResult>> answer) {
    return ((PublishResult.Refused) join(answer).get(0)).reason();
  }
}
