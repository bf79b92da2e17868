package io.tidewheel.cluster;

import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.cluster.BacklogLink.Told;
import io.tidewheel.subscription.Subscription.Board.Presence;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rows of this node as others were told of them. */
final class OwnRows {
  /** Rows with work that are repeated at a time; of more, others the next time. */
  private static final int MAX_REPEATED = 2_000;

  /** Rows of a round that are told at a time. */
  private static final int MAX_OF_ROUND = 5_000;

  private final Map<Place, Told> rows = new HashMap<>();

  /** Rows with work, those that were told longest ago first. */
  private final LinkedHashSet<Place> working = new LinkedHashSet<>();

  /** Told since the last repetition. */
  private final Set<Place> fresh = new LinkedHashSet<>();

  private final Deque<Place> leftOfRound = new ArrayDeque<>();
  private long round = 1;

  long round() {
    return round;
  }

  void clear() {
    rows.clear();
    working.clear();
    fresh.clear();
  }

  /** Takes what has changed, and gives what is to be told. */
  List<Told> take(BoardNews.Changes changes) {
    List<Told> told = new ArrayList<>(take(changes.rows()));
    for (Place place : changes.gone()) {
      Told before = rows.remove(place);
      working.remove(place);
      if (before != null) {
        told.add(new Told(before.row().empty(Presence.GONE), before.number() + 1));
      }
    }
    return told;
  }

  /** Takes rows as they are now, and gives those that were not told yet. */
  List<Told> take(List<Standing> changed) {
    List<Told> told = new ArrayList<>();
    for (Standing standing : changed) {
      Place place = standing.place();
      Told before = rows.get(place);
      Told now = Told.of(standing);
      if (before != null && !now.outdoes(before)) {
        continue;
      }
      rows.put(place, now);
      working.remove(place);
      if (now.row().dispatchable() > 0) {
        working.add(place);
      }
      fresh.add(place);
      told.add(now);
    }
    return told;
  }

  List<Told> all() {
    return List.copyOf(rows.values());
  }

  List<Told> of(Set<Long> subscriptionUids) {
    return rows.values().stream()
        .filter(told -> subscriptionUids.contains(told.row().subscriptionUid()))
        .toList();
  }

  /** From now on repetitions go through all rows once more. */
  void beginRound() {
    round++;
    leftOfRound.clear();
    leftOfRound.addAll(rows.keySet());
  }

  /** What is to be told again now. */
  List<Told> repeat() {
    List<Told> told = new ArrayList<>();
    for (int i = 0; i < MAX_OF_ROUND && !leftOfRound.isEmpty(); i++) {
      add(leftOfRound.remove(), told);
    }
    List<Place> repeated =
        working.stream().filter(place -> !fresh.contains(place)).limit(MAX_REPEATED).toList();
    for (Place place : repeated) {
      working.remove(place);
      working.add(place);
      add(place, told);
    }
    fresh.clear();
    return told;
  }

  private void add(Place place, List<Told> told) {
    @Nullable Told row = rows.get(place);
    if (row != null) {
      told.add(row);
    }
  }
}
