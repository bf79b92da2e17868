package io.tidewheel.fault;

import io.tidewheel.crash.MessageId;

/** How a message is published. What kind a message is follows from its id. */
enum CallKind {
  KEYED_ONCE(0, Place.KEY, false, 4),
  KEYED_RETRY(1, Place.KEY, true, 5),
  ID_ONCE(2, Place.ID, false, 2),
  ID_RETRY(3, Place.ID, true, 3),
  /** Neither key nor id: the broker may put it on another queue. Tried once. */
  FREE(4, Place.ANY, false, 4),
  /** To one broker, whatever becomes of it, to see what it takes. Tried once. */
  PROBE(5, Place.KEY, false, 0);

  /** What decides to which queue a message goes. */
  enum Place {
    /** Its key; it has an id as well. */
    KEY,
    ID,
    /** Nothing: it has neither. */
    ANY
  }

  /** How many different keys a kind with keys uses. */
  static final int KEYS = 48;

  private final int number;
  private final Place place;
  private final boolean isRetried;
  private final int weight;

  CallKind(int number, Place place, boolean isRetried, int weight) {
    this.number = number;
    this.place = place;
    this.isRetried = isRetried;
    this.weight = weight;
  }

  /** The kind of the n-th message of the standing load: shares by weight, evenly mixed. */
  static CallKind ofLoad(long number) {
    int place = (int) (number * 7 % 18);
    for (CallKind kind : values()) {
      place -= kind.weight;
      if (place < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("weights do not add up to 18");
  }

  static CallKind of(MessageId id) {
    for (CallKind kind : values()) {
      if (kind.number == id.caller()) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no kind has " + id.text());
  }

  /** The number of its key, or -1 if it has none. */
  static int keyOf(MessageId id) {
    CallKind kind = of(id);
    return kind.hasKey() ? kind.number * KEYS + id.counter() % KEYS : -1;
  }

  static boolean mayRepeat(MessageId id) {
    return !of(id).hasId();
  }

  static boolean isOurs(MessageId id) {
    return id.caller() >= 0 && id.caller() < values().length;
  }

  /** The caller in ids of its messages. */
  int number() {
    return number;
  }

  boolean hasKey() {
    return place == Place.KEY;
  }

  boolean hasId() {
    return place != Place.ANY;
  }

  boolean isRetried() {
    return isRetried;
  }
}
