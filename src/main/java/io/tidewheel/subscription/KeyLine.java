package io.tidewheel.subscription;

import java.util.ArrayDeque;
import java.util.Deque;

/** The unsettled messages of one key in the window, by offset. Only the first may be given out. */
final class KeyLine {
  final String key;
  final Deque<Slot> slots = new ArrayDeque<>();

  /** How many are with a worker or being stored; the others wait until it is 0. */
  int outCount;

  KeyLine(String key) {
    this.key = key;
  }
}
