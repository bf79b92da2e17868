package io.tidewheel.journal.embedded;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * How much of a sealed segment is still pointed to.
 *
 * @param bytes its length
 * @param liveBytes of rows that are pointed to
 */
record SegmentUse(long segment, long bytes, long liveBytes) {

  long garbageBytes() {
    return bytes - liveBytes;
  }

  /**
   * The segments whose rows are worth moving: the emptiest first, until less than a third of the
   * rest is garbage, or less than {@code toleratedBytes}.
   */
  static Set<Long> sparse(List<SegmentUse> uses, long toleratedBytes) {
    long total = uses.stream().mapToLong(SegmentUse::bytes).sum();
    long garbage = uses.stream().mapToLong(SegmentUse::garbageBytes).sum();
    List<SegmentUse> emptiestFirst =
        uses.stream()
            .sorted(Comparator.comparingDouble(use -> (double) use.liveBytes() / use.bytes()))
            .toList();
    Set<Long> chosen = new TreeSet<>();
    for (SegmentUse use : emptiestFirst) {
      if (garbage < toleratedBytes || garbage < total / 3) {
        break;
      }
      chosen.add(use.segment());
      garbage -= use.garbageBytes();
      total -= use.garbageBytes();
    }
    return chosen;
  }
}
