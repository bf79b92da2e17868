package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.BoardNews.Changes;
import io.tidewheel.backlog.Standing.Place;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Those who watch a board, and what each has not been told yet: places, not rows, so that however
 * slow one is, it costs at most one entry for each row. Part of the board's actor; outlives its
 * restarts.
 */
final class BoardWatchers {
  static final int MAX_WATCHERS = 100;
  static final int ROWS_PER_NEWS = 1_000;

  private final Map<ActorRef<BoardNews>, Watcher> watchers = new LinkedHashMap<>();

  private static final class Watcher {
    private final Predicate<Standing> filter;
    private final Set<Place> told = new HashSet<>();
    private final Set<Place> changed = new LinkedHashSet<>();
    private boolean isReady = true;
    private boolean isReset = true;

    /** It was told that there is more: it hears the end of it, also if that is nothing. */
    private boolean isPart;

    private Watcher(Predicate<Standing> filter) {
      this.filter = filter;
    }
  }

  boolean isEmpty() {
    return watchers.isEmpty();
  }

  boolean isFull() {
    return watchers.size() >= MAX_WATCHERS;
  }

  boolean contains(ActorRef<BoardNews> watcher) {
    return watchers.containsKey(watcher);
  }

  /** Whether somebody watches rows of other nodes. */
  boolean isAnyBeside(@Nullable ActorRef<BoardNews> link) {
    return watchers.size() > (link != null && watchers.containsKey(link) ? 1 : 0);
  }

  /** Tells from now on, beginning with everything there is. */
  void add(ActorRef<BoardNews> watcher, Predicate<Standing> filter, Iterable<Standing> all) {
    Watcher added = new Watcher(filter);
    watchers.put(watcher, added);
    for (Standing one : all) {
      if (filter.test(one)) {
        added.changed.add(one.place());
      }
    }
  }

  void remove(ActorRef<BoardNews> watcher) {
    watchers.remove(watcher);
  }

  void ready(ActorRef<BoardNews> watcher, boolean isReady) {
    Watcher known = watchers.get(watcher);
    if (known != null) {
      known.isReady = isReady;
    }
  }

  /** A watcher was told of rows in another way. */
  void told(ActorRef<BoardNews> watcher, List<Standing> rows) {
    Watcher known = watchers.get(watcher);
    if (known != null) {
      rows.forEach(row -> known.told.add(row.place()));
    }
  }

  /** A row has changed; null if it went. */
  void changed(Place place, @Nullable Standing now) {
    for (Watcher watcher : watchers.values()) {
      if ((now != null && watcher.filter.test(now)) || watcher.told.contains(place)) {
        watcher.changed.add(place);
      }
    }
  }

  /** Whatever was known is not any more. */
  void reset() {
    for (Watcher watcher : watchers.values()) {
      watcher.told.clear();
      watcher.changed.clear();
      watcher.isReset = true;
    }
  }

  /** Tells those who are ready what they do not know yet. */
  void tell(Function<Place, @Nullable Standing> rows) {
    watchers.forEach(
        (ref, watcher) -> {
          if (watcher.isReady
              && (watcher.isReset || watcher.isPart || !watcher.changed.isEmpty())) {
            tell(ref, watcher, rows);
          }
        });
  }

  private static void tell(
      ActorRef<BoardNews> ref, Watcher watcher, Function<Place, @Nullable Standing> rows) {
    List<Standing> changed = new ArrayList<>();
    List<Place> gone = new ArrayList<>();
    Iterator<Place> places = watcher.changed.iterator();
    while (places.hasNext() && changed.size() + gone.size() < ROWS_PER_NEWS) {
      Place place = places.next();
      places.remove();
      Standing now = rows.apply(place);
      if (now != null && watcher.filter.test(now)) {
        watcher.told.add(place);
        changed.add(now);
      } else if (watcher.told.remove(place)) {
        gone.add(place);
      }
    }
    boolean isReset = watcher.isReset;
    watcher.isReset = false;
    if (isReset || watcher.isPart || !changed.isEmpty() || !gone.isEmpty()) {
      watcher.isReady = false;
      watcher.isPart = !watcher.changed.isEmpty();
      ref.tell(new Changes(changed, gone, isReset, !watcher.changed.isEmpty()));
    }
  }
}
