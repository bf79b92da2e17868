package io.tidewheel.subscription;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A set of offsets as sorted ranges that neither overlap nor touch. Immutable. */
final class Offsets {
  static final Offsets NONE = new Offsets(new long[0]);

  /** Start (inclusive) and end (exclusive) of each range, one after the other. */
  private final long[] bounds;

  private Offsets(long[] bounds) {
    this.bounds = bounds;
  }

  static Offsets of(long... offsets) {
    Builder builder = new Builder();
    for (long offset : offsets) {
      builder.add(offset);
    }
    return builder.build();
  }

  /** All offsets from {@code start} up to {@code end}, exclusive. */
  static Offsets range(long start, long end) {
    return start == end ? NONE : new Offsets(new long[] {start, end});
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  int rangeCount() {
    return bounds.length / 2;
  }

  long start(int range) {
    return bounds[2 * range];
  }

  /** The offset after the last one of a range. */
  long end(int range) {
    return bounds[2 * range + 1];
  }

  long count() {
    long count = 0;
    for (int i = 0; i < rangeCount(); i++) {
      count += end(i) - start(i);
    }
    return count;
  }

  boolean contains(long offset) {
    for (int i = 0; i < rangeCount(); i++) {
      if (start(i) <= offset && offset < end(i)) {
        return true;
      }
    }
    return false;
  }

  void forEach(LongConsumer action) {
    for (int i = 0; i < rangeCount(); i++) {
      for (long offset = start(i); offset < end(i); offset++) {
        action.accept(offset);
      }
    }
  }

  /** Each range as its distance to the one before and its length: two bytes for a close single. */
  void encode(Encoder out) {
    out.writeUnsigned(rangeCount());
    long previous = 0;
    for (int i = 0; i < rangeCount(); i++) {
      out.writeUnsigned(start(i) - previous);
      out.writeUnsigned(end(i) - start(i));
      previous = end(i);
    }
  }

  static Offsets decode(Decoder in) {
    long[] bounds = new long[Math.multiplyExact(in.readSize(), 2)];
    long previous = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      long gap = in.readUnsigned();
      long length = in.readUnsigned();
      if ((i > 0 && gap == 0) || length == 0) {
        throw new DecodingException("ranges of offsets that are empty or touch");
      }
      bounds[i] = previous + gap;
      bounds[i + 1] = bounds[i] + length;
      if (bounds[i] < previous || bounds[i + 1] < bounds[i]) {
        throw new DecodingException("an offset beyond 2^63");
      }
      previous = bounds[i + 1];
    }
    return new Offsets(bounds);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Offsets that && Arrays.equals(bounds, that.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }

  @Override
  public String toString() {
    return "Offsets" + Arrays.toString(bounds);
  }

  /** Collects offsets in any order; adding one twice is the same as adding it once. */
  static final class Builder {
    private long[] bounds = new long[16];
    private int length;
    private boolean isSorted = true;

    void add(long offset) {
      addRange(offset, offset + 1);
    }

    void addRange(long start, long end) {
      if (length > 0 && bounds[length - 1] == start) {
        bounds[length - 1] = end;
        return;
      }
      isSorted &= length == 0 || start > bounds[length - 1];
      if (length == bounds.length) {
        bounds = Arrays.copyOf(bounds, 2 * length);
      }
      bounds[length++] = start;
      bounds[length++] = end;
    }

    /** The end of an added range that holds an offset; the offset itself if none does. */
    long endOf(long offset) {
      for (int i = 0; i < length; i += 2) {
        if (bounds[i] <= offset && offset < bounds[i + 1]) {
          return bounds[i + 1];
        }
      }
      return offset;
    }

    Offsets build() {
      if (length == 0) {
        return NONE;
      }
      return isSorted ? new Offsets(Arrays.copyOf(bounds, length)) : merged();
    }

    private Offsets merged() {
      Integer[] order = new Integer[length / 2];
      Arrays.setAll(order, i -> i);
      Arrays.sort(order, (a, b) -> Long.compare(bounds[2 * a], bounds[2 * b]));
      Builder sorted = new Builder();
      for (int range : order) {
        long start = bounds[2 * range];
        long end = bounds[2 * range + 1];
        int last = sorted.length - 1;
        if (last > 0 && start <= sorted.bounds[last]) {
          sorted.bounds[last] = Math.max(sorted.bounds[last], end);
        } else {
          sorted.addRange(start, end);
        }
      }
      return new Offsets(Arrays.copyOf(sorted.bounds, sorted.length));
    }
  }
}
