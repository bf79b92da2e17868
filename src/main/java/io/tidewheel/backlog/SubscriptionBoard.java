package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.BacklogBoard.Offer;
import io.tidewheel.backlog.Standing.Nearness;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What the board knows of one subscription: its rows, who waits, and what is promised to whom.
 * Every step costs O(log rows), an offer also its 64 rows; with rows of other nodes, a look at all
 * of those.
 */
final class SubscriptionBoard {
  static final int MAX_OFFERED_ROWS = 64;

  private final long subscriptionUid;
  private final RandomGenerator random;
  private final Map<Integer, Entry> entries = new HashMap<>();
  private final BitSet awake = new BitSet();

  /** Rows with dispatchable messages. */
  private final Lanes candidates = new Lanes();

  /**
   * Of these, the ones that may wake somebody. A row that turns out to be promised or spent leaves,
   * and comes back with a report or a promise that is not kept.
   */
  private final Lanes waking = new Lanes();

  private final Map<ActorRef<Offer>, Integer> waiting = new LinkedHashMap<>();
  private final Map<ActorRef<Offer>, Promise> promises = new HashMap<>();

  /** Queues of this node with work for which nobody may have been woken yet. */
  private final BitSet unannounced = new BitSet();

  /** Somebody has tried all rows up to this version and found nothing. */
  private long spentVersion;

  private long askedRound = Long.MIN_VALUE;

  SubscriptionBoard(long subscriptionUid, RandomGenerator random) {
    this.subscriptionUid = subscriptionUid;
    this.random = random;
  }

  long subscriptionUid() {
    return subscriptionUid;
  }

  boolean isUnused() {
    return entries.isEmpty() && waiting.isEmpty() && promises.isEmpty();
  }

  /** A worker asked; whether none had since the round {@code oldest}. */
  boolean asked(long round, long oldest) {
    boolean isNew = !isWanted(oldest);
    askedRound = round;
    return isNew;
  }

  /** Whether workers wait, or asked in a round since then. */
  boolean isWanted(long oldestRound) {
    return askedRound >= oldestRound || !waiting.isEmpty() || !promises.isEmpty();
  }

  @Nullable Standing standing(int queue) {
    Entry entry = entries.get(queue);
    return entry == null ? null : entry.standing;
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  /**
   * Takes what is said of a row, unless it knows better.
   *
   * @return whether anything changed
   */
  boolean put(Standing now, long version) {
    Entry entry = entries.get(now.queue());
    if (entry != null && !now.outdoes(entry.standing)) {
      return false;
    }
    if (now.row().isGone()) {
      return entry != null && remove(entry);
    }
    if (entry == null) {
      entry = new Entry(now);
      entries.put(now.queue(), entry);
      awake.set(now.queue());
    } else {
      candidates.remove(entry.standing);
      waking.remove(entry.standing);
    }
    entry.take(now, version);
    if (now.row().dispatchable() > 0) {
      candidates.add(now);
      waking.add(now);
    }
    if (now.isHere() && now.row().dispatchable() > entry.announced) {
      unannounced.set(now.queue());
    }
    return true;
  }

  private boolean remove(Entry entry) {
    int queue = entry.standing.queue();
    candidates.remove(entry.standing);
    waking.remove(entry.standing);
    entries.remove(queue);
    awake.clear(queue);
    unannounced.clear(queue);
    return true;
  }

  /** A node has left: its rows go. */
  void removeAll(Standing.Home home, Consumer<Standing> removed) {
    for (Entry entry : List.copyOf(entries.values())) {
      if (entry.standing.home().equals(home)) {
        remove(entry);
        removed.accept(entry.standing);
      }
    }
  }

  Offer offer(long version, long nowMillis, BitSet tried) {
    Lanes.Order order = candidates.order(nowMillis, random, unfit(tried), MAX_OFFERED_ROWS);
    return new Offer(version, order.rows(), (BitSet) awake.clone(), order.hasMore());
  }

  /**
   * Also rows of other nodes that are spent or promised: to go there for nothing costs a worker the
   * time in which it is missed at home.
   */
  private BitSet unfit(BitSet tried) {
    BitSet unfit = (BitSet) tried.clone();
    candidates.forEachElsewhere(
        row -> {
          Entry entry = entries.get(row.queue());
          if (entry == null || isSpent(entry) || entry.free() <= 0) {
            unfit.set(row.queue());
          }
        });
    return unfit;
  }

  /** The worker waits, behind those who already do; what was promised to it is free again. */
  void want(ActorRef<Offer> worker, int capacity, long seenVersion) {
    spentVersion = Math.max(spentVersion, seenVersion);
    freePromise(worker);
    waiting.put(worker, capacity);
  }

  /** A queue that was asked after this version had nothing. */
  void spend(int queue, long version) {
    Entry entry = entries.get(queue);
    if (entry != null && entry.version <= version) {
      entry.isSpent = true;
    }
  }

  void leave(ActorRef<Offer> worker) {
    waiting.remove(worker);
    freePromise(worker);
  }

  /** Wakes the workers that have waited longest while there is work that nobody was woken for. */
  void wake(long version, long nowMillis) {
    while (!waiting.isEmpty()) {
      Standing row = waking.best(nowMillis, random);
      if (row == null) {
        return;
      }
      Entry entry = entries.get(row.queue());
      if (entry == null || isSpent(entry) || entry.free() <= 0) {
        waking.remove(row);
        continue;
      }
      Iterator<Map.Entry<ActorRef<Offer>, Integer>> first = waiting.entrySet().iterator();
      Map.Entry<ActorRef<Offer>, Integer> longest = first.next();
      ActorRef<Offer> worker = longest.getKey();
      // All it can take, not only what there is: it will take what comes until it looks, too.
      int count = longest.getValue();
      first.remove();
      entry.promised += count;
      promises.put(worker, new Promise(entry, count));
      worker.tell(offerFor(row, version, nowMillis));
    }
  }

  private Offer offerFor(Standing row, long version, long nowMillis) {
    BitSet promised = new BitSet();
    promised.set(row.queue());
    Lanes.Order order = candidates.order(nowMillis, random, unfit(promised), MAX_OFFERED_ROWS - 1);
    List<Standing> rows = new ArrayList<>();
    rows.add(row);
    rows.addAll(order.rows());
    return new Offer(version, rows, (BitSet) awake.clone(), order.hasMore());
  }

  /** Rows far away were perhaps not offered to who found nothing: each speaks for itself. */
  private boolean isSpent(Entry entry) {
    return entry.version <= spentVersion && entry.standing.home().nearness() != Nearness.FAR;
  }

  /** When somebody who waits may be woken without a report; {@link Long#MAX_VALUE} for never. */
  long nextWakeMillis(long nowMillis) {
    return waiting.isEmpty() ? Long.MAX_VALUE : waking.nextTakeableMillis(nowMillis);
  }

  /** Rows of this node with work and nobody here to do it, that no other node was told of. */
  void announce(Consumer<Standing> announcer) {
    if (unannounced.isEmpty()) {
      return;
    }
    if (waiting.isEmpty()) {
      unannounced.stream()
          .mapToObj(entries::get)
          .filter(entry -> entry != null && entry.needsOthers())
          .forEach(
              entry -> {
                entry.announced = entry.standing.row().dispatchable();
                announcer.accept(entry.standing);
              });
    }
    unannounced.clear();
  }

  private void freePromise(ActorRef<Offer> worker) {
    Promise promise = promises.remove(worker);
    if (promise == null) {
      return;
    }
    Entry entry = promise.entry();
    entry.promised -= promise.count();
    // Not if the queue has left meanwhile, or its row is not a candidate any more.
    Standing row = entry.standing;
    if (entries.get(row.queue()) == entry && row.row().dispatchable() > 0) {
      waking.add(row);
      unannounced.set(row.queue());
    }
  }

  /** A row with what the board has made of it. */
  static final class Entry {
    private Standing standing;
    private long version;
    private long promised;
    private boolean isSpent;

    /** How much work other nodes were told of, as long as it was not less. */
    private long announced;

    private Entry(Standing standing) {
      this.standing = standing;
    }

    Standing standing() {
      return standing;
    }

    private void take(Standing now, long newVersion) {
      standing = now;
      version = newVersion;
      isSpent = false;
      announced = Math.min(announced, now.row().dispatchable());
    }

    /** How much of it nobody was woken for. */
    private long free() {
      return isSpent ? 0 : standing.row().dispatchable() - promised;
    }

    private boolean needsOthers() {
      return standing.isHere() && free() > 0 && standing.row().dispatchable() > announced;
    }
  }

  private record Promise(Entry entry, int count) {}
}
