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
  /** More than a client can hold that goes on where it was. */
  private static final int MAX_EARLY = 10_000;

  private final Map<Place, Set<Receipt>> byPlace = new HashMap<>();

  /** Claimed before the earlier session has said what it had. */
  private final Set<Receipt> early = new HashSet<>();

  private boolean isExpecting;

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

  /** An earlier session is asked for what it had; the client may claim it before that comes. */
  void expect() {
    isExpecting = true;
  }

  /** What the earlier session had. */
  void inherit(Map<Place, Set<Receipt>> others) {
    others.forEach(this::add);
    byPlace.values().forEach(open -> open.removeAll(early));
    early.clear();
    isExpecting = false;
  }

  boolean has(Place place) {
    return byPlace.containsKey(place);
  }

  /** Whether it is of any use to claim something of this subscription. */
  boolean isOpen(Place place) {
    return isExpecting || has(place);
  }

  /** The client has it. */
  void claim(Place place, Receipt receipt) {
    Set<Receipt> open = byPlace.get(place);
    if (open != null) {
      open.remove(receipt);
    }
    if (isExpecting && early.size() < MAX_EARLY) {
      early.add(receipt);
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
