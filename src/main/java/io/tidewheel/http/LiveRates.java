package io.tidewheel.http;

import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.monitor.Rates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Rates as one client was told them. Rates change, and come to an end, also when nothing happens to
 * a row: those that did are told again. Holds the rows that have rates, and those told lately:
 * rates of what has just begun come a moment after its row.
 */
final class LiveRates {
  /** Looks after which a row without rates is let go. */
  private static final int MAX_LOOKS = 3;

  private final Monitor monitor;
  private final Map<Place, Told> told = new HashMap<>();

  private static final class Told {
    private final Standing row;
    private final Rates rates;
    private int looks;

    private Told(Standing row, Rates rates) {
      this.row = row;
      this.rates = rates;
    }
  }

  LiveRates(Monitor monitor) {
    this.monitor = monitor;
  }

  /** Everything begins anew. */
  void clear() {
    told.clear();
  }

  void forget(Iterable<Place> gone) {
    gone.forEach(told::remove);
  }

  /** Of a row that is told now. */
  Rates of(Standing row) {
    Rates rates = monitor.rates(row.place());
    told.put(row.place(), new Told(row, rates));
    return rates;
  }

  /** Rows whose rates are others than was told; at most so many, the others the next time. */
  BoardNews.Changes changed(int max) {
    List<Standing> rows = new ArrayList<>();
    for (Iterator<Told> all = told.values().iterator(); all.hasNext(); ) {
      Told each = all.next();
      Rates now = monitor.rates(each.row.place());
      if (!now.equals(each.rates)) {
        if (rows.size() < max) {
          rows.add(each.row);
        }
      } else if (now.equals(Rates.NONE) && ++each.looks > MAX_LOOKS) {
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
