package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.queue.Inspector.QueueStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class QueueInspectorTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private final ManualTime time = ManualTime.get(KIT.system());
  private final TestProbe<Sent> queues = KIT.createTestProbe(Sent.class);
  private final QueueInspector inspector =
      new QueueInspector(KIT.spawn(QueueInspector.create(this::send, 2)));

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @Test
  void answersWhenEveryQueueHas() throws Exception {
    CompletableFuture<List<QueueStatus>> answer = inspector.describe(topic(3), TIMEOUT);
    List<Sent> asked = queues.receiveSeveralMessages(3);
    answer(asked.get(2));
    answer(asked.get(0));
    assertThat(answer).isNotDone();
    answer(asked.get(1));
    assertThat(answer.get(10, TimeUnit.SECONDS)).containsExactly(status(0), status(1), status(2));
  }

  @Test
  void leavesOutAQueueThatDoesNotAnswer() throws Exception {
    CompletableFuture<List<QueueStatus>> answer = inspector.describe(topic(3), TIMEOUT);
    List<Sent> asked = queues.receiveSeveralMessages(3);
    answer(asked.get(2));
    answer(asked.get(0));
    time.timePasses(TIMEOUT);
    assertThat(answer.get(10, TimeUnit.SECONDS)).containsExactly(status(0), status(2));
  }

  @Test
  void refusesWhatIsBeyondItsBound() throws Exception {
    final CompletableFuture<List<QueueStatus>> first = inspector.describe(topic(1), TIMEOUT);
    final CompletableFuture<List<QueueStatus>> second = inspector.describe(topic(1), TIMEOUT);
    List<Sent> asked = queues.receiveSeveralMessages(2);
    CompletableFuture<List<QueueStatus>> refused = inspector.describe(topic(1), TIMEOUT);
    assertThatThrownBy(() -> refused.get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(RejectedExecutionException.class);
    answer(asked.get(0));
    answer(asked.get(1));
    first.get(10, TimeUnit.SECONDS);
    second.get(10, TimeUnit.SECONDS);
    queues.awaitAssert(
        Duration.ofSeconds(20),
        () -> {
          CompletableFuture<List<QueueStatus>> next = inspector.describe(topic(1), TIMEOUT);
          answer(queues.receiveMessage(Duration.ofSeconds(1)));
          return next.join();
        });
  }

  private void send(long topicUid, int queue, Queue.Command command) {
    queues.getRef().tell(new Sent(queue, command));
  }

  private static void answer(Sent sent) {
    ((Queue.Describe) sent.command()).replyTo().tell(status(sent.queue()));
  }

  private static QueueStatus status(int queue) {
    return new QueueStatus(queue, "node", 0, 10, 100, 0, 0, 0, List.of());
  }

  private static Topic topic(int queueCount) {
    return new Topic(5, "orders", 1, 0, TopicSettings.defaults(queueCount), false, Map.of());
  }

  private record Sent(int queue, Queue.Command command) {}
}
