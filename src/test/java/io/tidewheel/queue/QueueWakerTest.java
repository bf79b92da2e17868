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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class QueueWakerTest {
  private static final long NOW = 1_000_000;

  private final AtomicLong millis = new AtomicLong(NOW);
  private final List<WakeList.Place> woken = new ArrayList<>();
  private Effect.@Nullable TimerScheduled<QueueWaker.Command> tick;
  private final Map<WakeList.Place, Effect.TimerScheduled<QueueWaker.Command>> patience =
      new HashMap<>();
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
    ring();
    answerAll();
    assertThat(woken).hasSize(256).doesNotHaveDuplicates();
  }

  @Test
  void whatSomebodyWaitsForComesFirstAndOnce() {
    waker.run(new QueueWaker.WakeAll(catalog()));
    waker.run(new QueueWaker.WakeNow(4, 63));
    waker.run(new QueueWaker.Moves(4, 62));
    ring();
    assertThat(woken.subList(0, 2))
        .containsExactly(new WakeList.Place(4, 63), new WakeList.Place(4, 62));
    answerAll();
    assertThat(woken).hasSize(256).doesNotHaveDuplicates();
  }

  /** Guards the queues of a dead broker: wakes that went there do not hold up those that arrive. */
  @Test
  void asksAtOnceAgainWhoeverIsAskedForOnceMore() {
    for (int queue = 0; queue < WakeWindow.FIRST; queue++) {
      waker.run(new QueueWaker.WakeNow(4, queue));
    }
    assertThat(woken).hasSize(WakeWindow.FIRST);
    waker.run(new QueueWaker.WakeNow(4, 3));
    waker.run(new QueueWaker.WakeNow(4, 60));
    assertThat(woken)
        .hasSize(WakeWindow.FIRST + 1)
        .endsWith(new WakeList.Place(4, 7), new WakeList.Place(4, 3));
  }

  @Test
  void aQueueThatMovedIsNotWokenByItsOldTime() {
    waker.run(new QueueWaker.Sleeps(1, 0, NOW + 5_000));
    tick();
    waker.run(new QueueWaker.Moves(1, 0));
    millis.addAndGet(60_000);
    answer(new WakeList.Place(1, 0));
    assertThat(isTickSet()).isFalse();
    assertThat(woken).containsExactly(new WakeList.Place(1, 0));
  }

  /** A request for a queue that sleeps must not stand behind thousands of them. */
  @Test
  void wakesABoundedNumberAtATime() {
    waker.run(new QueueWaker.WakeAll(catalog()));
    assertThat(ring()).isEqualTo(Duration.ofMillis(100));
    assertThat(woken).hasSize(WakeWindow.FIRST);
    for (int i = 0; i < 256; i++) {
      answer(woken.get(i));
      assertThat(woken).hasSizeLessThanOrEqualTo(i + 1 + WakeWindow.MOST);
    }
    assertThat(woken).hasSize(256).doesNotHaveDuplicates();
  }

  /** Such as one that was sent to a broker that had just died. */
  @Test
  void aWakeThatIsLostIsRepeatedAfterTheOthers() {
    waker.run(new QueueWaker.WakeAll(catalog()));
    ring();
    WakeList.Place lost = woken.get(0);
    answer(woken.get(1));
    waker.run(noAnswer(lost));
    assertThat(woken).containsOnlyOnce(lost);
    for (int i = 2; i < woken.size(); i++) {
      answer(woken.get(i));
    }
    assertThat(woken).hasSize(257).endsWith(lost);
  }

  @Test
  void aQueueOfATopicThatIsGoneIsNotAskedAgain() {
    waker.run(new QueueWaker.WakeNow(99, 0));
    waker.run(noAnswer(new WakeList.Place(99, 0)));
    assertThat(woken).hasSize(1);
    assertThat(isTickSet()).isFalse();
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
    Effect.TimerScheduled<QueueWaker.Command> timer = tick();
    for (int i = 0; i < 7; i++) {
      millis.addAndGet(50);
      waker.run(new QueueWaker.Sleeps(2, i, NOW + 60_000));
      waker.run(new QueueWaker.Sleeps(3, i, NOW));
    }
    assertThat(isTickSet()).isFalse();
    ring(timer);
    assertThat(woken).hasSize(8).contains(new WakeList.Place(1, 0));
  }

  @Test
  void whatIsDueEarlierIsNotKeptWaiting() {
    waker.run(new QueueWaker.Sleeps(1, 0, NOW + 5_000));
    tick();
    waker.run(new QueueWaker.Sleeps(2, 0, NOW + 1_000));
    assertThat(ring()).isEqualTo(Duration.ofSeconds(1));
    assertThat(woken).containsExactly(new WakeList.Place(2, 0));
  }

  private Duration ring() {
    Effect.TimerScheduled<QueueWaker.Command> timer = tick();
    ring(timer);
    return timer.duration();
  }

  /** Lets the time of a timer pass. */
  private void ring(Effect.TimerScheduled<QueueWaker.Command> timer) {
    millis.addAndGet(timer.duration().toMillis());
    waker.run(timer.msg());
  }

  private void answer(WakeList.Place place) {
    waker.run(new QueueWaker.IsAwake(place.topicUid(), place.queue()));
  }

  private void answerAll() {
    for (int i = 0; i < woken.size(); i++) {
      answer(woken.get(i));
    }
  }

  /** What comes of a queue that says nothing. */
  private QueueWaker.Command noAnswer(WakeList.Place place) {
    look();
    return Objects.requireNonNull(patience.get(place)).msg();
  }

  /** The timer that was set for what is to be done next, which must be one. */
  private Effect.TimerScheduled<QueueWaker.Command> tick() {
    look();
    Effect.TimerScheduled<QueueWaker.Command> set = Objects.requireNonNull(tick, "no timer");
    tick = null;
    return set;
  }

  private boolean isTickSet() {
    look();
    return tick != null;
  }

  @SuppressWarnings("unchecked")
  private void look() {
    for (Effect effect : waker.getAllEffects()) {
      if (effect instanceof Effect.TimerScheduled<?> set) {
        var timer = (Effect.TimerScheduled<QueueWaker.Command>) set;
        if (timer.key() instanceof WakeList.Place place) {
          patience.put(place, timer);
        } else {
          tick = timer;
        }
      }
    }
  }
}
