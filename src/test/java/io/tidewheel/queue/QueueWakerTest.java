package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.Effect;
import akka.actor.testkit.typed.javadsl.BehaviorTestKit;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class QueueWakerTest {
  private static final long NOW = 1_000_000;

  private final AtomicLong millis = new AtomicLong(NOW);
  private final List<WakeList.Place> woken = new ArrayList<>();
  private final BehaviorTestKit<QueueWaker.Command> waker =
      BehaviorTestKit.create(
          QueueWaker.create(
              (topicUid, queue, command) -> woken.add(new WakeList.Place(topicUid, queue)),
              QueueWakerTest::catalog,
              () -> Instant.ofEpochMilli(millis.get())));

  private static CatalogSnapshot catalog() {
    TopicSettings settings = TopicSettings.defaults(64);
    TreeMap<String, Topic> topics = new TreeMap<>();
    for (int i = 1; i <= 4; i++) {
      topics.put("t" + i, new Topic(i, "t" + i, 1, 0, settings, false, Map.of()));
    }
    return CatalogSnapshot.of(4, topics);
  }

  /** Guards the queues of a broker that has left: each is woken by one of the others. */
  @Test
  void slicesCoverEveryQueueOnce() {
    for (int index = 0; index < 3; index++) {
      waker.run(new QueueWaker.WakeSlice(index, 3));
    }
    for (int tick = 0; tick < 3; tick++) {
      ring();
    }
    assertThat(woken).hasSize(256).doesNotHaveDuplicates();
  }

  @Test
  void whatSomebodyWaitsForComesFirstAndOnce() {
    waker.run(new QueueWaker.WakeAll(catalog()));
    waker.run(new QueueWaker.WakeNow(4, 63));
    waker.run(new QueueWaker.Moves(4, 62));
    ring();
    assertThat(woken).hasSize(100);
    assertThat(woken.subList(0, 2))
        .containsExactly(new WakeList.Place(4, 63), new WakeList.Place(4, 62));
    ring();
    ring();
    assertThat(woken).hasSize(256).doesNotHaveDuplicates();
  }

  @Test
  void aQueueThatMovedIsNotWokenByItsOldTime() {
    waker.run(new QueueWaker.Sleeps(1, 0, NOW + 5_000));
    waker.run(new QueueWaker.Moves(1, 0));
    ring();
    millis.addAndGet(60_000);
    ring();
    assertThat(woken).containsExactly(new WakeList.Place(1, 0));
  }

  @Test
  void wakesEveryQueueAtABoundedRate() {
    waker.run(new QueueWaker.WakeAll(catalog()));
    assertThat(ring()).isEqualTo(Duration.ofMillis(100));
    assertThat(woken).hasSize(100);
    ring();
    ring();
    assertThat(woken).hasSize(256).doesNotHaveDuplicates();
    assertThat(waker.hasEffects()).isFalse();
  }

  @Test
  void waitsUntilTheFirstIsDue() {
    waker.run(new QueueWaker.Sleeps(1, 0, NOW + 5_000));
    assertThat(ring()).isEqualTo(Duration.ofSeconds(5));
    assertThat(woken).containsExactly(new WakeList.Place(1, 0));
  }

  @Test
  void looksAgainLongBeforeWhatIsFarAway() {
    waker.run(new QueueWaker.Sleeps(1, 0, NOW + 3_600_000));
    assertThat(ring()).isEqualTo(Duration.ofSeconds(10));
    assertThat(woken).isEmpty();
    millis.addAndGet(3_600_000);
    ring();
    assertThat(woken).hasSize(1);
  }

  /** A timer set anew by each of them would never ring while many fall asleep. */
  @Test
  void queuesThatFallAsleepDoNotPutOffWhatIsDue() {
    waker.run(new QueueWaker.Sleeps(1, 0, NOW));
    Effect.TimerScheduled<QueueWaker.Command> timer = timer();
    for (int i = 0; i < 10; i++) {
      millis.addAndGet(50);
      waker.run(new QueueWaker.Sleeps(2, i, NOW + 60_000));
      waker.run(new QueueWaker.Sleeps(3, i, NOW));
    }
    assertThat(waker.hasEffects()).isFalse();
    ring(timer);
    assertThat(woken).hasSize(11).contains(new WakeList.Place(1, 0));
  }

  @Test
  void whatIsDueEarlierIsNotKeptWaiting() {
    waker.run(new QueueWaker.Sleeps(1, 0, NOW + 5_000));
    timer();
    waker.run(new QueueWaker.Sleeps(2, 0, NOW + 1_000));
    assertThat(ring()).isEqualTo(Duration.ofSeconds(1));
    assertThat(woken).containsExactly(new WakeList.Place(2, 0));
  }

  private Duration ring() {
    Effect.TimerScheduled<QueueWaker.Command> timer = timer();
    ring(timer);
    return timer.duration();
  }

  /** Lets the time of a timer pass. */
  private void ring(Effect.TimerScheduled<QueueWaker.Command> timer) {
    millis.addAndGet(timer.duration().toMillis());
    waker.run(timer.msg());
  }

  @SuppressWarnings("unchecked")
  private Effect.TimerScheduled<QueueWaker.Command> timer() {
    return waker.expectEffectClass(Effect.TimerScheduled.class);
  }
}
