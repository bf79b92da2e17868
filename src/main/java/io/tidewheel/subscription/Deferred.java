package io.tidewheel.subscription;

import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/**
 * Offsets that were read while their key was busy, and whose payload was not kept: in the order of
 * offsets, chained by key. Packed, {@link WindowBudget#DEFERRED_BYTES} each, so that a key can be
 * blocked with a million messages behind it.
 *
 * <ol>
 *   <li>Offsets are added in growing order.
 *   <li>The first of a {@link KeyLine}'s chain is always one that is still deferred.
 * </ol>
 */
final class Deferred {
  private static final int NONE = -1;
  private static final int FIRST_CAPACITY = 64;
  private static final int LARGEST_STEP = 1 << 16;

  private final WindowBudget budget;
  private final LongFunction<KeyLine> lineOf;

  /** One's complement of the offset once it is removed, so that the order stays searchable. */
  private long[] offsets = new long[0];

  private long[] hashes = new long[0];
  private int[] nexts = new int[0];
  private int length;
  private int count;

  /** {@code lineOf} finds the line of a key's hash; it knows every line that defers something. */
  Deferred(WindowBudget budget, LongFunction<KeyLine> lineOf) {
    this.budget = budget;
    this.lineOf = lineOf;
  }

  int count() {
    return count;
  }

  boolean hasRoom() {
    return budget.hasRoomToDefer(count);
  }

  void add(KeyLine line, long offset) {
    if (length > 0 && offset <= offsetAt(length - 1)) {
      throw new IllegalArgumentException("offset " + offset + " is not behind those deferred");
    }
    if (length == offsets.length) {
      makeRoom();
    }
    int index = length++;
    offsets[index] = offset;
    hashes[index] = line.hash;
    nexts[index] = NONE;
    if (line.deferredCount++ == 0) {
      line.deferredHead = index;
    } else {
      nexts[line.deferredTail] = index;
    }
    line.deferredTail = index;
    count++;
  }

  /** The lowest offset of a key; −1 if there is none. */
  long first(KeyLine line) {
    return line.deferredCount == 0 ? -1 : offsets[line.deferredHead];
  }

  boolean contains(long offset) {
    return indexOf(offset) >= 0;
  }

  /** The line of an offset that is deferred. */
  KeyLine lineOf(long offset) {
    int index = indexOf(offset);
    if (index < 0) {
      throw new IllegalArgumentException("offset " + offset + " is not deferred");
    }
    return lineOf.apply(hashes[index]);
  }

  /** Takes an offset out; one that is not deferred is left alone. */
  void remove(long offset) {
    int index = indexOf(offset);
    if (index < 0) {
      return;
    }
    KeyLine line = lineOf.apply(hashes[index]);
    offsets[index] = ~offset;
    count--;
    line.deferredCount--;
    while (line.deferredCount > 0 && offsets[line.deferredHead] < 0) {
      line.deferredHead = nexts[line.deferredHead];
    }
    if (count == 0) {
      clear();
    }
  }

  /**
   * The offset behind the last one of a key that is worth reading together with its first.
   *
   * @param max offsets
   * @param maxGap offsets of others between two of them
   */
  long runEnd(KeyLine line, int max, long maxGap) {
    int at = line.deferredHead;
    long end = offsetAt(at) + 1;
    for (int i = 1; i < max && nexts[at] != NONE; i++) {
      at = nexts[at];
      if (offsetAt(at) - end > maxGap) {
        break;
      }
      end = offsetAt(at) + 1;
    }
    return end;
  }

  /** Those before an offset. */
  void forEach(long before, LongConsumer action) {
    for (int i = 0; i < length && offsetAt(i) < before; i++) {
      if (offsets[i] >= 0) {
        action.accept(offsets[i]);
      }
    }
  }

  /** Forgets everything; the lines' own chains are the caller's. */
  void clear() {
    resize(0);
    length = 0;
    count = 0;
  }

  private void makeRoom() {
    if (length > FIRST_CAPACITY && count < length - length / 4) {
      compact();
    } else {
      resize(length + Math.max(FIRST_CAPACITY, Math.min(length / 2, LARGEST_STEP)));
    }
  }

  private void compact() {
    int kept = 0;
    for (int i = 0; i < length; i++) {
      if (offsets[i] < 0) {
        continue;
      }
      KeyLine line = lineOf.apply(hashes[i]);
      if (line.deferredHead == i) {
        line.deferredHead = kept;
      } else {
        nexts[line.deferredTail] = kept;
      }
      line.deferredTail = kept;
      offsets[kept] = offsets[i];
      hashes[kept] = hashes[i];
      nexts[kept] = NONE;
      kept++;
    }
    length = kept;
  }

  private void resize(int capacity) {
    budget.add((long) (capacity - offsets.length) * WindowBudget.DEFERRED_BYTES);
    offsets = Arrays.copyOf(offsets, capacity);
    hashes = Arrays.copyOf(hashes, capacity);
    nexts = Arrays.copyOf(nexts, capacity);
  }

  private long offsetAt(int index) {
    long offset = offsets[index];
    return offset < 0 ? ~offset : offset;
  }

  /** Where an offset stands; negative if it is not deferred. */
  private int indexOf(long offset) {
    int low = 0;
    int high = length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long found = offsetAt(middle);
      if (found == offset) {
        return offsets[middle] < 0 ? NONE : middle;
      }
      if (found < offset) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return NONE;
  }
}
