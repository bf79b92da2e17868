package io.tidewheel.monitor;

import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.feedback.Allowances.Allowed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Rates and allowances as one client was told them. They change, and come to an end, also when
 * nothing happens to a row: those that did are told again. Holds the rows that have rates or are
 * throttled, and those told lately: rates of what has just begun come a moment after its row.
 */
final class LiveRates {
  /** Looks after which a row of which nothing changes is let go. */
  private static final int MAX_LOOKS = 3;

  private final Monitor monitor;
  private final Function<Standing, Allowed> allowances;
  private final Map<Place, Told> told = new HashMap<>();

  /** What changes without its row. */
  record Live(Rates rates, Allowed allowed) {
    private boolean isStill() {
      return rates.equals(Rates.NONE) && !allowed.isThrottled();
    }
  }

  private static final class Told {
    private final Standing row;
    private final Live live;
    private int looks;

    private Told(Standing row, Live live) {
      this.row = row;
      this.live = live;
    }
  }

  /** Looks rates up in a monitor, and with the other one what may be given out. */
  LiveRates(Monitor monitor, Function<Standing, Allowed> allowances) {
    this.monitor = monitor;
    this.allowances = allowances;
  }

  /** Everything begins anew. */
  void clear() {
    told.clear();
  }

  void forget(Iterable<Place> gone) {
    gone.forEach(told::remove);
  }

  /** Of a row that is told now. */
  Live of(Standing row) {
    Live live = now(row);
    told.put(row.place(), new Told(row, live));
    return live;
  }

  private Live now(Standing row) {
    return new Live(monitor.rates(row.place()), allowances.apply(row));
  }

  /** Rows of which other things are true than was told; at most so many, the others later. */
  BoardNews.Changes changed(int max) {
    List<Standing> rows = new ArrayList<>();
    for (Iterator<Told> all = told.values().iterator(); all.hasNext(); ) {
      Told each = all.next();
      Live now = now(each.row);
      if (!now.equals(each.live)) {
        if (rows.size() < max) {
          rows.add(each.row);
        }
      } else if (now.isStill() && ++each.looks > MAX_LOOKS) {
        all.remove();
      }
    }
    return new BoardNews.Changes(rows, List.of(), false, false);
  }

  /** Rows that are held. */
  int size() {
    return told.size();
  }
}
