package io.tidewheel.subscription;

import org.roaringbitmap.RoaringBitmap;

/**
 * Which offsets are settled: all below a floor, and a compressed set above it.
 *
 * <ol>
 *   <li>Everything below the floor is settled; the offset at the floor is not.
 *   <li>The set is kept relative to a base at or below the floor, and cut when the floor has moved
 *       on far enough.
 * </ol>
 */
final class SettledOffsets {
  private static final int OPTIMIZE_AFTER = 1 << 16;

  /** The set moves to a new base in steps of this: whole containers, and not too often. */
  private static final long MIN_SHIFT = 1L << 22;

  private static final long CONTAINER = 1L << 16;
  private static final int MAX_LOOKUPS = 64;

  private long floor;
  private long base;
  private RoaringBitmap beyond;
  private long beyondCount;
  private int addedSinceOptimize;

  /** With {@code beyond}, relative to the floor, settled above it. */
  SettledOffsets(long floor, RoaringBitmap beyond) {
    this.floor = floor;
    this.base = floor;
    this.beyond = beyond;
    this.beyondCount = beyond.getLongCardinality();
  }

  long floor() {
    return floor;
  }

  /** Nothing from here on is settled. */
  long end() {
    return beyond.isEmpty() ? floor : base + beyond.last() + 1;
  }

  /** How many offsets of a range are not settled. */
  long openCount(long start, long end) {
    long begin = Math.max(start, floor);
    return begin >= end ? 0 : end - begin - count(begin, end);
  }

  /** Settled offsets above the floor. */
  long beyondCount() {
    return beyondCount;
  }

  /** Those above the floor, relative to it. */
  RoaringBitmap relative() {
    RoaringBitmap relative =
        floor == base ? beyond.clone() : RoaringBitmap.addOffset(beyond, base - floor);
    relative.runOptimize();
    return relative;
  }

  /** At least as many bytes as {@link #relative} takes. */
  int weight() {
    return beyond.serializedSizeInBytes();
  }

  boolean contains(long offset) {
    return offset < floor
        || (offset - base <= Integer.MAX_VALUE && beyond.contains((int) (offset - base)));
  }

  /** The first offset from here on that is not settled. */
  long nextOpen(long offset) {
    if (offset < floor) {
      return floor;
    }
    return offset - base > Integer.MAX_VALUE
        ? offset
        : base + beyond.nextAbsentValue((int) (offset - base));
  }

  /** Settles a range; returns how many of it were not settled before. */
  long add(long start, long end) {
    long begin = Math.max(start, floor);
    if (begin >= end) {
      return 0;
    }
    if (beyond.isEmpty()) {
      base = floor;
    }
    long contained = count(begin, end);
    if (begin == floor) {
      beyondCount -= contained;
      advanceTo(end);
    } else {
      if (end - base > Integer.MAX_VALUE) {
        throw new IllegalStateException("settled offset " + end + " is too far above " + base);
      }
      if (end - begin == 1) {
        beyond.add((int) (begin - base));
      } else {
        beyond.add(begin - base, end - base);
      }
      beyondCount += end - begin - contained;
      optimize(end - begin);
    }
    return end - begin - contained;
  }

  /**
   * How many of a range above the floor are settled. Short ranges, which most acks are, are looked
   * up one by one: counting ranks takes as long as the set has runs.
   */
  private long count(long begin, long end) {
    if (beyond.isEmpty() || begin - base > Integer.MAX_VALUE) {
      return 0;
    }
    if (end - begin > MAX_LOOKUPS || end - base > Integer.MAX_VALUE) {
      return beyond.rangeCardinality(begin - base, Math.min(end - base, 1L << 31));
    }
    long count = 0;
    for (int at = (int) (begin - base); at < end - base; at++) {
      count += beyond.contains(at) ? 1 : 0;
    }
    return count;
  }

  private void advanceTo(long offset) {
    floor = offset;
    if (beyond.isEmpty() || floor - base > Integer.MAX_VALUE) {
      beyond = new RoaringBitmap();
      base = floor;
      return;
    }
    long open = base + beyond.nextAbsentValue((int) (floor - base));
    beyondCount -= open - floor;
    floor = open;
    beyond.remove(0L, floor - base);
    long shift = (floor - base) & -CONTAINER;
    if (beyond.isEmpty()) {
      base = floor;
    } else if (shift >= MIN_SHIFT) {
      beyond = RoaringBitmap.addOffset(beyond, -shift);
      base += shift;
    }
  }

  private void optimize(long added) {
    addedSinceOptimize += (int) Math.min(added, OPTIMIZE_AFTER);
    if (addedSinceOptimize >= OPTIMIZE_AFTER) {
      beyond.runOptimize();
      addedSinceOptimize = 0;
    }
  }
}
