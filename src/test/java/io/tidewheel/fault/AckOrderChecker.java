package io.tidewheel.fault;

import io.tidewheel.crash.MessageId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * Places in the log follow the order of the answers: what is published of a key after another
 * message of it was acknowledged lies behind that one, in the same queue. Not safe for threads.
 */
final class AckOrderChecker {
  private final ToIntFunction<MessageId> keyOf;
  private final Map<Integer, Place> newest = new HashMap<>();
  private final Map<MessageId, Place> floors = new HashMap<>();
  private final Set<MessageId> tried = new HashSet<>();
  private final List<String> violations = new ArrayList<>();

  private record Place(int queue, long offset) {}

  AckOrderChecker(ToIntFunction<MessageId> keyOf) {
    this.keyOf = keyOf;
  }

  /** A publish is about to be sent. Of several tries the first one counts: it may be stored. */
  void publishing(MessageId id) {
    int key = keyOf.applyAsInt(id);
    if (key >= 0 && tried.add(id) && newest.containsKey(key)) {
      floors.put(id, newest.get(key));
    }
  }

  void published(MessageId id, int queue, long offset) {
    int key = keyOf.applyAsInt(id);
    if (key < 0) {
      return;
    }
    Place floor = floors.get(id);
    if (floor != null && (floor.queue != queue || floor.offset >= offset)) {
      violations.add(
          "%s of key %d at %d/%d, begun after %d/%d was acknowledged"
              .formatted(id.text(), key, queue, offset, floor.queue, floor.offset));
    }
    Place place = newest.get(key);
    if (place == null || place.offset < offset) {
      newest.put(key, new Place(queue, offset));
    }
  }

  List<String> violations() {
    return List.copyOf(violations);
  }
}
