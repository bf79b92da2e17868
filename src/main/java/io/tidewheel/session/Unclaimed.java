package io.tidewheel.session;

import io.tidewheel.session.frame.Frame;
import io.tidewheel.subscription.Receipt;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Deliveries of an earlier session of the same client, by subscription, of which it has not said
 * yet that it holds them: they may never have arrived. Part of the actor of the session.
 */
final class Unclaimed {
  private final Map<Place, Set<Receipt>> byPlace = new HashMap<>();

  /** A subscription by its names. */
  record Place(String topic, String subscription) {
    static Place of(Frame.Subscribe asked) {
      return new Place(asked.topic(), asked.subscription());
    }
  }

  void add(Place place, Set<Receipt> receipts) {
    if (!receipts.isEmpty()) {
      byPlace.computeIfAbsent(place, each -> new HashSet<>()).addAll(receipts);
    }
  }

  /** Another session's. */
  void addAll(Map<Place, Set<Receipt>> others) {
    others.forEach(this::add);
  }

  boolean has(Place place) {
    return byPlace.containsKey(place);
  }

  /** The client has it. */
  void claim(Place place, Receipt receipt) {
    Set<Receipt> open = byPlace.get(place);
    if (open != null) {
      open.remove(receipt);
    }
  }

  /** What it has not claimed; nothing of it is known here any more. */
  Set<Receipt> take(Place place) {
    Set<Receipt> left = byPlace.remove(place);
    return left == null ? Set.of() : left;
  }

  Map<Place, Set<Receipt>> all() {
    return byPlace;
  }
}
