package io.tidewheel;

import java.util.BitSet;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

/**
 * Checks the order of each key as handlers see it: a message is handled only when all before it in
 * its key were, and never again after its ack was confirmed. Safe for any thread.
 */
final class KeyOrder {
  private final Line[] lines;
  private final int messagesPerKey;
  private final ConcurrentLinkedQueue<String> violations = new ConcurrentLinkedQueue<>();

  private static final class Line {
    private int next;
    private final BitSet confirmed = new BitSet();
  }

  KeyOrder(int keys, int messagesPerKey) {
    this.messagesPerKey = messagesPerKey;
    lines = new Line[keys];
    for (int key = 0; key < keys; key++) {
      lines[key] = new Line();
    }
  }

  /**
   * A handler has got a message.
   *
   * @param number of the message in its key, from 0
   * @param isDone whether the handler has done its work, and will ack
   */
  void handled(int key, int number, boolean isDone) {
    Line line = lines[key];
    synchronized (line) {
      if (number > line.next) {
        violations.add("key " + key + ": " + number + " before " + line.next);
      }
      if (line.confirmed.get(number)) {
        violations.add("key " + key + ": " + number + " again after its ack was confirmed");
      }
      if (isDone && number == line.next) {
        line.next++;
      }
    }
  }

  /** Its ack was confirmed; true the first time. */
  boolean confirmed(int key, int number) {
    Line line = lines[key];
    synchronized (line) {
      boolean isNew = !line.confirmed.get(number);
      line.confirmed.set(number);
      return isNew;
    }
  }

  /** Keys of which not every message was handled. */
  List<Integer> unhandled() {
    return IntStream.range(0, lines.length)
        .filter(key -> lines[key].next < messagesPerKey)
        .boxed()
        .toList();
  }

  List<String> violations() {
    return List.copyOf(violations);
  }
}
