package io.tidewheel.queue;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Which numbers of one sender are stored: a floor and one bit for each of the 1,024 numbers above
 * it.
 *
 * <p>Only a set bit is a duplicate. A plain high-water mark would confirm a number that was refused
 * while a later one was stored. What is at or below the floor is not known any more.
 */
final class NumberWindow {
  static final int SIZE = 1_024;

  /** A sender has at most this many unanswered appends, so their results must be kept. */
  static final int MAX_RESULTS = 4;

  private static final int WORDS = SIZE / Long.SIZE;

  private long floor;
  private final long[] bits;
  private final Deque<Decided> recent = new ArrayDeque<>(MAX_RESULTS);

  /** A stored number with its results. */
  record Decided(long number, AppendResults results) {}

  /** What is known of a number. */
  enum Knowledge {
    NEW,
    STORED,
    FORGOTTEN
  }

  NumberWindow() {
    this(0, new long[WORDS]);
  }

  NumberWindow(long floor, long[] bits) {
    if (bits.length != WORDS) {
      throw new IllegalArgumentException("expected " + WORDS + " words, but got " + bits.length);
    }
    this.floor = floor;
    this.bits = bits;
  }

  Knowledge knowledgeOf(long number) {
    if (number <= floor) {
      return Knowledge.FORGOTTEN;
    }
    boolean isStored = number <= floor + SIZE && isSet(number);
    return isStored ? Knowledge.STORED : Knowledge.NEW;
  }

  /** The results of a stored number; null if they are not kept any more. */
  @Nullable AppendResults resultsOf(long number) {
    for (Decided decided : recent) {
      if (decided.number == number) {
        return decided.results;
      }
    }
    return null;
  }

  void store(long number, AppendResults results) {
    if (number <= floor) {
      throw new IllegalArgumentException(
          "expected a number above " + floor + ", but got " + number);
    }
    raiseFloor(number - SIZE);
    bits[wordOf(number)] |= 1L << number;
    if (recent.size() == MAX_RESULTS) {
      recent.removeFirst();
    }
    recent.addLast(new Decided(number, results));
  }

  /** Forgets the results kept longest; true if there were any. */
  boolean forgetOldestResults() {
    return recent.pollFirst() != null;
  }

  long floor() {
    return floor;
  }

  long[] bits() {
    return bits.clone();
  }

  /** The kept results, oldest first. */
  Collection<Decided> recent() {
    return Collections.unmodifiableCollection(recent);
  }

  /** Puts kept results back as a snapshot had them, oldest first. */
  void restoreResults(long number, AppendResults results) {
    recent.addLast(new Decided(number, results));
  }

  /** What the kept results weigh in the snapshot, in codes. */
  int resultCodes() {
    int codes = 0;
    for (Decided decided : recent) {
      codes += decided.results.isPlain() ? 1 : decided.results.count();
    }
    return codes;
  }

  private void raiseFloor(long newFloor) {
    if (newFloor <= floor) {
      return;
    }
    if (newFloor - floor >= SIZE) {
      Arrays.fill(bits, 0);
    } else {
      for (long number = floor + 1; number <= newFloor; number++) {
        bits[wordOf(number)] &= ~(1L << number);
      }
    }
    floor = newFloor;
  }

  private boolean isSet(long number) {
    return (bits[wordOf(number)] & (1L << number)) != 0;
  }

  private static int wordOf(long number) {
    return (int) (number % SIZE) / Long.SIZE;
  }
}
