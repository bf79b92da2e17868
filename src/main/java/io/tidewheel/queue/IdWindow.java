package io.tidewheel.queue;

import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Message;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The ids given by users that a queue remembers, with the offset each was stored at: at most {@link
 * #MAX_IDS}, the oldest leaves first. Ids are kept as 128 bits of their SHA-256, bodies as CRC-32C
 * and length, in packed arrays that grow with use.
 *
 * <p>How long and how many ids a topic wants remembered is decided when one is looked up, so that a
 * changed setting holds at once and replay does not depend on settings.
 */
final class IdWindow {
  static final int MAX_IDS = 15_000;

  private static final int EMPTY = -1;
  private static final int FIRST_CAPACITY = 64;

  /** A ring: entry {@code n} (counted from the first id ever) is at {@code n % capacity}. */
  private long[] high = new long[FIRST_CAPACITY];

  private long[] low = new long[FIRST_CAPACITY];
  private long[] offsets = new long[FIRST_CAPACITY];
  private long[] bodies = new long[FIRST_CAPACITY];
  private long[] atMillis = new long[FIRST_CAPACITY];

  /** Open addressing, linear probing; positions in the ring. */
  private int[] table = newTable(FIRST_CAPACITY);

  private int head;
  private int size;

  /** An id as it is remembered. */
  record IdHash(long high, long low) {
    static IdHash of(String id) {
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
        ByteBuffer bytes = ByteBuffer.wrap(digest);
        return new IdHash(bytes.getLong(), bytes.getLong());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }
  }

  /** Where an id was stored, and with which body. */
  record Entry(long offset, long body) {}

  /** Tells bodies apart: the length and the CRC-32C of the payload. */
  static long bodyOf(Message message) {
    CRC32C crc = new CRC32C();
    crc.update(message.payload(), 0, message.payload().length);
    return ((long) message.payload().length << 32) | crc.getValue();
  }

  /**
   * Finds an id.
   *
   * @param notBeforeMillis ids stored earlier do not count
   * @param newest only so many of the newest ids count
   * @return null if it is not remembered
   */
  @Nullable Entry find(IdHash id, long notBeforeMillis, int newest) {
    int slot = slotOf(id.high, id.low);
    int position = table[slot];
    if (position == EMPTY) {
      return null;
    }
    int age = Math.floorMod(head + size - 1 - position, high.length);
    boolean counts = atMillis[position] >= notBeforeMillis && age < newest;
    return counts ? new Entry(offsets[position], bodies[position]) : null;
  }

  /** Remembers an id; one that is known already is kept at its newest offset. */
  void add(IdHash id, long offset, long body, long at) {
    if (size == MAX_IDS) {
      removeOldest();
    } else if (size == high.length) {
      grow();
    }
    int position = (head + size) % high.length;
    high[position] = id.high;
    low[position] = id.low;
    offsets[position] = offset;
    bodies[position] = body;
    atMillis[position] = at;
    size++;
    table[slotOf(id.high, id.low)] = position;
  }

  int size() {
    return size;
  }

  /** Hands out all entries, oldest first. */
  void forEach(Visitor visitor) {
    for (int i = 0; i < size; i++) {
      int position = (head + i) % high.length;
      visitor.visit(
          new IdHash(high[position], low[position]),
          offsets[position],
          bodies[position],
          atMillis[position]);
    }
  }

  /** Takes one entry. */
  interface Visitor {
    void visit(IdHash id, long offset, long body, long atMillis);
  }

  private void removeOldest() {
    int slot = slotOf(high[head], low[head]);
    if (table[slot] == head) {
      table[slot] = EMPTY;
      closeGap(slot);
    }
    head = (head + 1) % high.length;
    size--;
  }

  /** Moves entries back that probed over the slot which is free now (deletion without marks). */
  private void closeGap(int freed) {
    int mask = table.length - 1;
    int gap = freed;
    for (int slot = (gap + 1) & mask; table[slot] != EMPTY; slot = (slot + 1) & mask) {
      int home = homeOf(high[table[slot]], low[table[slot]], mask);
      boolean staysBehindGap = ((slot - home) & mask) < ((slot - gap) & mask);
      if (!staysBehindGap) {
        table[gap] = table[slot];
        table[slot] = EMPTY;
        gap = slot;
      }
    }
  }

  private void grow() {
    int capacity = Math.min(MAX_IDS, high.length * 2);
    int[] order = new int[size];
    Arrays.setAll(order, i -> (head + i) % high.length);
    high = reordered(high, order, capacity);
    low = reordered(low, order, capacity);
    offsets = reordered(offsets, order, capacity);
    bodies = reordered(bodies, order, capacity);
    atMillis = reordered(atMillis, order, capacity);
    head = 0;
    table = newTable(capacity);
    for (int position = 0; position < size; position++) {
      table[slotOf(high[position], low[position])] = position;
    }
  }

  private static long[] reordered(long[] source, int[] order, int capacity) {
    long[] target = new long[capacity];
    for (int i = 0; i < order.length; i++) {
      target[i] = source[order[i]];
    }
    return target;
  }

  /** The slot that holds the id, or the free one where it belongs. */
  private int slotOf(long idHigh, long idLow) {
    int mask = table.length - 1;
    int slot = homeOf(idHigh, idLow, mask);
    while (table[slot] != EMPTY && (high[table[slot]] != idHigh || low[table[slot]] != idLow)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static int homeOf(long idHigh, long idLow, int mask) {
    return (int) KeyHash.mix(idHigh ^ idLow) & mask;
  }

  private static int[] newTable(int capacity) {
    int[] slots = new int[Integer.highestOneBit(capacity * 2 - 1) * 2];
    Arrays.fill(slots, EMPTY);
    return slots;
  }
}
