package io.tidewheel.journal.embedded;

import java.util.Arrays;

/** A range of keys, with the first and without the last. */
final class KeyRange {
  private final byte[] from;
  private final byte[] until;

  KeyRange(byte[] from, byte[] until) {
    this.from = from;
    this.until = until;
  }

  byte[] from() {
    return from;
  }

  byte[] until() {
    return until;
  }

  /** The smallest range that holds both. */
  KeyRange spanning(KeyRange other) {
    return new KeyRange(
        Arrays.compareUnsigned(from, other.from) <= 0 ? from : other.from,
        Arrays.compareUnsigned(until, other.until) >= 0 ? until : other.until);
  }
}
