package io.tidewheel.monitor;

import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.subscription.Since;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Every place of the board as it was last reported, what has happened there, and its rates. A row
 * costs something only while its counts move. Changed by one thread; {@link #rates} is for any.
 *
 * <p>A place that is gone from the board is kept for half a minute, as it mostly comes back with
 * another owner: what happened meanwhile is then not lost.
 */
final class Observations {
  /** A place whose counts have stood still for so many ticks has no rates. */
  private static final int QUIET_TICKS = RateWindow.WINDOW_SECONDS + 2;

  private static final int FORGET_TICKS = 30;

  private final Map<Place, Entry> entries = new HashMap<>();
  private final Set<Place> moving = new LinkedHashSet<>();
  private final Set<Place> leaving = new LinkedHashSet<>();
  private final ConcurrentMap<Place, Rates> rates = new ConcurrentHashMap<>();
  private Since here = Since.NONE;
  private long tick;
  private long tickNanos;

  /** A place. */
  private static final class Entry {
    private Standing standing;
    private Since counts = Since.NONE;
    private @Nullable RateWindow window;
    private long movedTick;
    private long goneTick;

    private Entry(Standing standing) {
      this.standing = standing;
    }

    private boolean isGone() {
      return goneTick > 0;
    }
  }

  /** Takes what the board has told. */
  void take(BoardNews.Changes changes) {
    if (changes.isReset()) {
      entries.keySet().forEach(this::leave);
    }
    changes.rows().forEach(this::take);
    changes.gone().forEach(this::leave);
  }

  private void take(Standing now) {
    Place place = now.place();
    Entry entry = entries.get(place);
    if (entry == null) {
      entries.put(place, new Entry(now));
      // An owner of this node began after this did: all it has counted is new.
      here = now.isHere() ? here.plus(now.row().tally().since()) : here;
      return;
    }
    leaving.remove(place);
    entry.goneTick = 0;
    Since step = between(entry.standing, now);
    entry.standing = now;
    if (!step.equals(Since.NONE)) {
      entry.window = entry.window == null ? windowFrom(entry.counts) : entry.window;
      entry.counts = entry.counts.plus(step);
      entry.movedTick = tick;
      moving.add(place);
      here = now.isHere() ? here.plus(step) : here;
    }
  }

  /** What happened from one report of a place to a later one; each owner counts from its start. */
  private static Since between(Standing before, Standing after) {
    boolean isSameOwner =
        before.home().equals(after.home()) && before.row().claim() == after.row().claim();
    Since to = after.row().tally().since();
    return isSameOwner ? to.minus(before.row().tally().since()) : to;
  }

  /** As it stood at the last tick. */
  private RateWindow windowFrom(Since counts) {
    RateWindow window = new RateWindow();
    window.sample(tickNanos, counts);
    return window;
  }

  private void leave(Place place) {
    Entry entry = entries.get(place);
    if (entry != null && !entry.isGone()) {
      entry.goneTick = Math.max(1, tick);
      leaving.add(place);
    }
  }

  /** A second has passed. */
  void tick(long nowNanos) {
    tick++;
    tickNanos = nowNanos;
    for (Iterator<Place> places = moving.iterator(); places.hasNext(); ) {
      Place place = places.next();
      Entry entry = entries.get(place);
      if (entry == null || entry.window == null || tick - entry.movedTick > QUIET_TICKS) {
        rates.remove(place);
        if (entry != null) {
          entry.window = null;
        }
        places.remove();
        continue;
      }
      entry.window.sample(nowNanos, entry.counts);
      rates.put(place, entry.window.rates());
    }
    for (Iterator<Place> places = leaving.iterator(); places.hasNext(); ) {
      Place place = places.next();
      Entry entry = entries.get(place);
      if (entry == null || tick - entry.goneTick > FORGET_TICKS) {
        entries.remove(place);
        moving.remove(place);
        rates.remove(place);
        places.remove();
      }
    }
  }

  /** Of a place now; for any thread. */
  Rates rates(Place place) {
    return rates.getOrDefault(place, Rates.NONE);
  }

  /** Of the places of this node. */
  NodeFigures here() {
    long backlog = 0;
    long leased = 0;
    long oldestAtMillis = 0;
    int places = 0;
    for (Entry entry : entries.values()) {
      if (entry.standing.isHere() && !entry.isGone()) {
        backlog += entry.standing.row().backlog();
        leased += entry.standing.row().leased();
        oldestAtMillis = Sum.older(oldestAtMillis, entry.standing.row().oldestAtMillis());
        places++;
      }
    }
    return new NodeFigures(here, backlog, leased, oldestAtMillis, places);
  }

  /** Every place that is on the board. */
  List<Seen> all() {
    List<Seen> all = new ArrayList<>(entries.size());
    for (Map.Entry<Place, Entry> each : entries.entrySet()) {
      if (!each.getValue().isGone()) {
        all.add(new Seen(each.getValue().standing, rates(each.getKey())));
      }
    }
    return all;
  }

  /** What has happened at a place since it was first seen. */
  Since counts(Place place) {
    Entry entry = entries.get(place);
    return entry == null ? Since.NONE : entry.counts;
  }
}
