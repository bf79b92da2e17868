package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.BacklogBoard.Offer;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the board knows of one subscription: its rows, who waits, and what is promised to whom.
 * Every step costs O(log rows), an offer also its 64 rows.
 */
final class SubscriptionBoard {
  static final int MAX_OFFERED_ROWS = 64;

  private static final Comparator<Row> BEST_FIRST =
      Comparator.comparingLong(SubscriptionBoard::oldestAt)
          .thenComparing(Comparator.comparingLong(Row::dispatchable).reversed())
          .thenComparingInt(Row::queue);

  private final long subscriptionUid;
  private final Map<Integer, Place> places = new HashMap<>();
  private final BitSet awake = new BitSet();

  /** Rows with dispatchable messages. */
  private final NavigableSet<Row> candidates = new TreeSet<>(BEST_FIRST);

  /**
   * Of these, the ones that may wake somebody. A row that turns out to be promised or spent leaves,
   * and comes back with a report or a promise that is not kept.
   */
  private final NavigableSet<Row> waking = new TreeSet<>(BEST_FIRST);

  private final Map<ActorRef<Offer>, Integer> waiting = new LinkedHashMap<>();
  private final Map<ActorRef<Offer>, Promise> promises = new HashMap<>();

  /** Somebody has tried all rows up to this version and found nothing. */
  private long spentVersion;

  SubscriptionBoard(long subscriptionUid) {
    this.subscriptionUid = subscriptionUid;
  }

  long subscriptionUid() {
    return subscriptionUid;
  }

  boolean isUnused() {
    return places.isEmpty() && waiting.isEmpty() && promises.isEmpty();
  }

  void put(Row row, long version) {
    Place place = places.get(row.queue());
    if (place != null) {
      candidates.remove(place.row);
      waking.remove(place.row);
    }
    if (row.isGone()) {
      places.remove(row.queue());
      awake.clear(row.queue());
      return;
    }
    if (place == null) {
      place = new Place(row);
      places.put(row.queue(), place);
      awake.set(row.queue());
    }
    place.row = row;
    place.version = version;
    place.isSpent = false;
    if (row.dispatchable() > 0) {
      candidates.add(row);
      waking.add(row);
    }
  }

  Offer offer(long version, @Nullable Row after) {
    NavigableSet<Row> behind = after == null ? candidates : candidates.tailSet(after, false);
    return offer(version, new ArrayList<>(), behind);
  }

  /** The worker waits, behind those who already do; what was promised to it is free again. */
  void want(ActorRef<Offer> worker, int capacity, long seenVersion) {
    spentVersion = Math.max(spentVersion, seenVersion);
    freePromise(worker);
    waiting.put(worker, capacity);
  }

  /** A queue that was asked after this version had nothing. */
  void spend(int queue, long version) {
    Place place = places.get(queue);
    if (place != null && place.version <= version) {
      place.isSpent = true;
    }
  }

  void leave(ActorRef<Offer> worker) {
    waiting.remove(worker);
    freePromise(worker);
  }

  /** Wakes the workers that have waited longest while there is work that nobody was woken for. */
  void wake(long version) {
    while (!waiting.isEmpty() && !waking.isEmpty()) {
      Row row = waking.first();
      Place place = places.get(row.queue());
      if (place == null || place.version <= spentVersion || place.free() <= 0) {
        waking.pollFirst();
        continue;
      }
      Iterator<Map.Entry<ActorRef<Offer>, Integer>> first = waiting.entrySet().iterator();
      Map.Entry<ActorRef<Offer>, Integer> entry = first.next();
      ActorRef<Offer> worker = entry.getKey();
      // All it can take, not only what there is: it will take what comes until it looks, too.
      int count = entry.getValue();
      first.remove();
      place.promised += count;
      promises.put(worker, new Promise(place, count));
      List<Row> rows = new ArrayList<>();
      rows.add(row);
      worker.tell(offer(version, rows, candidates));
    }
  }

  private Offer offer(long version, List<Row> rows, NavigableSet<Row> best) {
    Row first = rows.isEmpty() ? null : rows.get(0);
    boolean hasMore = false;
    for (Row row : best) {
      if (rows.size() == MAX_OFFERED_ROWS) {
        hasMore = true;
        break;
      }
      if (!row.equals(first)) {
        rows.add(row);
      }
    }
    return new Offer(version, List.copyOf(rows), (BitSet) awake.clone(), hasMore);
  }

  private void freePromise(ActorRef<Offer> worker) {
    Promise promise = promises.remove(worker);
    if (promise == null) {
      return;
    }
    Place place = promise.place();
    place.promised -= promise.count();
    // Not if the queue has left meanwhile, or its row is not a candidate any more.
    if (places.get(place.row.queue()) == place && place.row.dispatchable() > 0) {
      waking.add(place.row);
    }
  }

  private static long oldestAt(Row row) {
    return row.oldestAtMillis() == 0 ? Long.MAX_VALUE : row.oldestAtMillis();
  }

  /** A row with what the board has made of it. */
  private static final class Place {
    private Row row;
    private long version;
    private long promised;
    private boolean isSpent;

    Place(Row row) {
      this.row = row;
    }

    /** How much of it nobody was woken for. */
    long free() {
      return isSpent ? 0 : row.dispatchable() - promised;
    }
  }

  private record Promise(Place place, int count) {}
}
