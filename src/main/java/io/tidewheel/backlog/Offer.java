package io.tidewheel.backlog;

import java.util.BitSet;
import java.util.List;

/**
 * What could be dispatched.
 *
 * @param version of the board at this moment
 * @param rows the best first, at most 64; a worker that was woken finds first the row it was woken
 *     for
 * @param awake queues whose subscription has reported, also those that have nothing
 * @param hasMore whether there are rows beside these
 */
public record Offer(long version, List<Standing> rows, BitSet awake, boolean hasMore) {
  public Offer {
    rows = List.copyOf(rows);
  }

  /** The offer of a board that knows no row. */
  public static Offer nothing(long version) {
    return new Offer(version, List.of(), new BitSet(), false);
  }
}
