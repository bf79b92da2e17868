package io.tidewheel.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a worker holds: ready to be handled, waiting for the one of its key before it, and under
 * way. Guarded by its worker.
 *
 * <p>Of a key one is under way at a time, in the order in which they came.
 */
final class InHand {
  private final Set<Held> all = new LinkedHashSet<>();
  private final Deque<Held> ready = new ArrayDeque<>();

  /** Of each key that is ready or under way, those behind it. */
  private final Map<String, Deque<Held>> behind = new HashMap<>();

  void add(Held held) {
    all.add(held);
    String key = held.key();
    if (key == null) {
      ready.add(held);
      return;
    }
    Deque<Held> others = behind.get(key);
    if (others == null) {
      behind.put(key, new ArrayDeque<>());
      ready.add(held);
    } else {
      others.add(held);
    }
  }

  /** The next to be handled; null if there is none. */
  @Nullable Held take() {
    return ready.poll();
  }

  /**
   * One is handled.
   *
   * @param isGivenBack whether those behind it are the broker's again
   */
  void done(Held held, boolean isGivenBack) {
    all.remove(held);
    String key = held.key();
    Deque<Held> others = key == null ? null : behind.get(key);
    if (others == null) {
      return;
    }
    if (isGivenBack) {
      others.forEach(all::remove);
      others.clear();
    }
    Held next = others.poll();
    if (next == null) {
      behind.remove(key);
    } else {
      ready.add(next);
    }
  }

  /** Takes out all that is not under way. */
  List<Held> takeUnbegun() {
    List<Held> unbegun = new ArrayList<>(ready);
    for (Deque<Held> others : behind.values()) {
      unbegun.addAll(others);
      others.clear();
    }
    ready.forEach(held -> behind.remove(String.valueOf(held.key())));
    ready.clear();
    unbegun.forEach(all::remove);
    return unbegun;
  }

  boolean hasReady() {
    return !ready.isEmpty();
  }

  int size() {
    return all.size();
  }

  Set<Held> all() {
    return all;
  }
}
