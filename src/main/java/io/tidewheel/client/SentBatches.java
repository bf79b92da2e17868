package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What was published in a session and is not answered. Safe for any thread. */
final class SentBatches {
  private final Map<Place, Sent> byPlace = new ConcurrentHashMap<>();
  private final AtomicLong payloadBytes = new AtomicLong();

  private record Place(int ref, int queue, long number) {}

  /** A batch, and where it came from. */
  record Sent(Lane lane, Batch batch) {}

  void add(Lane lane, Batch batch) {
    payloadBytes.addAndGet(batch.payloadBytes());
    Place place = new Place(lane.publisher().ref(), lane.queue(), batch.number());
    byPlace.put(place, new Sent(lane, batch));
  }

  /** It is answered; null if that is not open. */
  @Nullable Sent remove(int ref, int queue, long number) {
    Sent known = byPlace.remove(new Place(ref, queue, number));
    if (known != null) {
      payloadBytes.addAndGet(-known.batch.payloadBytes());
    }
    return known;
  }

  /** Whether another batch could be more than the broker allows. */
  boolean isFull(Frame.Bounds bounds) {
    long bytes = payloadBytes.get();
    int largest = Math.max(Lane.MAX_BATCH_BYTES, bounds.maxFrameBytes());
    return byPlace.size() >= bounds.maxOpenPublishes()
        || (bytes > 0 && bytes + largest > bounds.maxOpenBytes());
  }

  /** None of them will be answered here any more. */
  void handBack() {
    for (Place place : List.copyOf(byPlace.keySet())) {
      Sent known = remove(place.ref, place.queue, place.number);
      if (known != null) {
        known.lane.publisher().onLost(known.lane, known.batch);
      }
    }
  }
}
