package io.tidewheel.queue;

import static io.tidewheel.queue.QueueFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestProbe;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Message;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where messages go that may go anywhere, of four queues that live here or elsewhere. */
class IngressNearTest {
  private static final int QUEUES = 4;

  private final QueueFixture fixture = new QueueFixture();
  private final Set<Integer> here = ConcurrentHashMap.newKeySet();
  private final TestProbe<Integer> chosen = fixture.kit.createTestProbe();
  private final NodePublisher publisher =
      new NodePublisher(
          fixture.kit.system(),
          new QueueRouter() {
            @Override
            public void tell(long topicUid, int queue, Queue.Command command) {
              chosen.getRef().tell(queue);
            }

            @Override
            public boolean isHere(long topicUid, int queue) {
              return here.contains(queue);
            }
          },
          new ByteBudget(1 << 20),
          Duration.ofSeconds(1),
          new Random(1),
          fixture.nanos::get);

  @AfterEach
  void close() {
    fixture.close();
  }

  private int publish(Message message) {
    Topic topic =
        new Topic(QueueFixture.TOPIC, "t", 1, 0, TopicSettings.defaults(QUEUES), false, Map.of());
    var unused = publisher.publish(topic, List.of(message), Duration.ofSeconds(30));
    return chosen.receiveMessage();
  }

  @Test
  void inTurnToThoseOfThisNode() {
    here.addAll(List.of(1, 3));
    assertThat(List.of(publish(text("a")), publish(text("b")), publish(text("c"))))
        .containsExactly(1, 3, 1);
  }

  @Test
  void toAllInTurnIfNoneLivesHere() {
    assertThat(List.of(publish(text("a")), publish(text("b")), publish(text("c"))))
        .containsExactly(0, 1, 2);
  }

  @Test
  void whatHasAKeyGoesToTheQueueOfIt() {
    int queue = KeyHash.queueOf(KeyHash.of("k"), QUEUES);
    here.add((queue + 1) % QUEUES);
    assertThat(publish(text("a").withKey("k"))).isEqualTo(queue);
  }

  @Test
  void toAnotherOneWhereThoseOfThisNodeDoNotAnswer() {
    here.add(2);
    assertThat(publish(text("a"))).isEqualTo(2);
    fixture.advance(Duration.ofSeconds(2));
    // A ping to the silent one, and what was for it goes elsewhere.
    Set<Integer> after = ConcurrentHashMap.newKeySet();
    chosen.receiveSeveralMessages(2, Duration.ofSeconds(3)).forEach(after::add);
    assertThat(after).contains(2).hasSize(2);
  }
}
