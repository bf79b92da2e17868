package io.tidewheel.queue;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Wakes every queue once after the start of a node, at a bounded rate, so that retries and dead
 * letters which were waiting go on although nobody asks for them. Queues that somebody asks for
 * wake by themselves, before their turn.
 */
public final class QueueWaker {
  private static final Duration INTERVAL = Duration.ofMillis(100);
  private static final int QUEUES_PER_INTERVAL = 50;

  private QueueWaker() {}

  private record Place(long topicUid, int queue) {}

  private record Tick() {}

  /** Wakes the queues of all topics of this snapshot, then stops. */
  public static Behavior<?> create(CatalogSnapshot catalog, QueueRouter router) {
    Deque<Place> asleep = new ArrayDeque<>();
    for (Topic topic : catalog.topics().values()) {
      for (int queue = 0; queue < topic.settings().queues(); queue++) {
        asleep.addLast(new Place(topic.uid(), queue));
      }
    }
    return Behaviors.<Tick>withTimers(timers -> wakeSome(asleep, router, timers));
  }

  private static Behavior<Tick> wakeSome(
      Deque<Place> asleep, QueueRouter router, TimerScheduler<Tick> timers) {
    for (int i = 0; i < QUEUES_PER_INTERVAL && !asleep.isEmpty(); i++) {
      Place place = asleep.removeFirst();
      router.tell(place.topicUid, place.queue, new Queue.Wake());
    }
    if (asleep.isEmpty()) {
      return Behaviors.stopped();
    }
    timers.startSingleTimer(new Tick(), INTERVAL);
    return Behaviors.receiveMessage(tick -> wakeSome(asleep, router, timers));
  }
}
