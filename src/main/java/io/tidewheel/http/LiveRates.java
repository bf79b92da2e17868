package io.tidewheel.http;

import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.monitor.Rates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rates as one client was told them. Rates change, and come to an end, also when nothing happens to
 * a row: those that did are told again. Holds the rows that have rates, and those told lately.
 */
final class LiveRates {
  private final Monitor monitor;
  private final Map<Place, Told> told = new HashMap<>();

  private record Told(Standing row, Rates rates) {}

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
    List<Place> settled = new ArrayList<>();
    for (Map.Entry<Place, Told> each : told.entrySet()) {
      Rates now = monitor.rates(each.getKey());
      if (!now.equals(each.getValue().rates())) {
        if (rows.size() < max) {
          rows.add(each.getValue().row());
        }
      } else if (now.equals(Rates.NONE) && each.getValue().row().row().isAsleep()) {
        settled.add(each.getKey());
      }
    }
    forget(settled);
    return new BoardNews.Changes(rows, List.of(), false, false);
  }
}
