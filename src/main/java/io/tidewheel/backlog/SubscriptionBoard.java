package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.Standing.Nearness;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

  /**
   * So long work may lie at a node whose own workers have room for it, before others hear of it.
   * Far more than a worker needs for its next pull, far less than a worker elsewhere may be idle.
   */
  static final long OWN_MILLIS = 200;

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

  /** Those who have waited longest first. */
  private final Set<ActorRef<Offer>> waiting = new LinkedHashSet<>();

  private final Map<ActorRef<Offer>, Promise> promises = new HashMap<>();
  private final Hands hands = new Hands();

  /** What could be dispatched by the queues of this node. */
  private long work;

  /** Queues of this node with work that other nodes may have to be told of. */
  private final BitSet unannounced = new BitSet();

  /** When to see whether it still lies there. */
  private long overdueMillis = Long.MAX_VALUE;

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
    return entries.isEmpty() && waiting.isEmpty() && promises.isEmpty() && hands.isEmpty();
  }

  /** A worker asked; whether none had since the round {@code oldest}. */
  boolean asked(long round, long oldest) {
    boolean isNew = !isWanted(oldest);
    askedRound = round;
    return isNew;
  }

  /** Whether workers wait, or asked in a round since then. */
  boolean isWanted(long oldestRound) {
    return askedRound >= oldestRound
        || !waiting.isEmpty()
        || !promises.isEmpty()
        || !hands.isEmpty();
  }

  /** As others are to be told of it. */
  @Nullable Standing standing(int queue) {
    Entry entry = entries.get(queue);
    return entry == null ? null : entry.told();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  /**
   * Takes what is said of a row, unless it knows better.
   *
   * @return whether anything changed
   */
  boolean put(Standing now, long version, long nowMillis) {
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
      withdraw(entry);
    }
    entry.take(now, version, nowMillis);
    work += entry.work();
    if (now.isOffered()) {
      candidates.add(now);
      waking.add(now);
    }
    if (entry.isUnannounced()) {
      noteUnannounced(now.queue(), nowMillis);
    } else {
      unannounced.clear(now.queue());
    }
    return true;
  }

  private void noteUnannounced(int queue, long nowMillis) {
    if (unannounced.isEmpty()) {
      overdueMillis = nowMillis + OWN_MILLIS;
    }
    unannounced.set(queue);
  }

  private void withdraw(Entry entry) {
    candidates.remove(entry.standing);
    waking.remove(entry.standing);
    work -= entry.work();
  }

  private boolean remove(Entry entry) {
    int queue = entry.standing.queue();
    withdraw(entry);
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
  void want(ActorRef<Offer> worker, int capacity, long seenVersion, long nowMillis) {
    spentVersion = Math.max(spentVersion, seenVersion);
    freePromise(worker, nowMillis);
    waiting.add(worker);
    hands.set(worker, capacity);
  }

  /** The worker is about to pull from queues of this node, whether or not it has waited. */
  void stay(ActorRef<Offer> worker, int capacity, long nowMillis) {
    waiting.remove(worker);
    freePromise(worker, nowMillis);
    hands.set(worker, capacity);
  }

  /** A queue that was asked after this version had nothing. */
  void spend(int queue, long version) {
    Entry entry = entries.get(queue);
    if (entry != null && entry.version <= version) {
      work -= entry.work();
      entry.isSpent = true;
    }
  }

  void leave(ActorRef<Offer> worker, long nowMillis) {
    waiting.remove(worker);
    hands.remove(worker);
    freePromise(worker, nowMillis);
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
      ActorRef<Offer> worker = waiting.iterator().next();
      waiting.remove(worker);
      // All it can take, not only what there is: it will take what comes until it looks, too.
      int count = hands.room(worker);
      if (!row.isHere()) {
        // It is soon back, and may bring all there is.
        hands.set(worker, (int) Math.max(0, count - entry.free()));
      }
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
    long overdue = unannounced.isEmpty() ? Long.MAX_VALUE : overdueMillis;
    return waiting.isEmpty() ? overdue : Math.min(overdue, waking.nextTakeableMillis(nowMillis));
  }

  /**
   * Rows of this node that others are to help with and were not told of: all if the workers here
   * have no room for so much, else those whose work lies there although they have.
   */
  void announce(long nowMillis, Consumer<Standing> announcer) {
    boolean isTooMuch = work > hands.total();
    if (unannounced.isEmpty() || (!isTooMuch && nowMillis < overdueMillis)) {
      return;
    }
    overdueMillis = nowMillis + OWN_MILLIS / 2;
    for (int queue : unannounced.stream().toArray()) {
      Entry entry = entries.get(queue);
      if (entry == null || entry.free() <= 0) {
        unannounced.clear(queue);
      } else if (isTooMuch || nowMillis - entry.workSinceMillis >= OWN_MILLIS) {
        unannounced.clear(queue);
        entry.announced = entry.standing.row().dispatchable();
        announcer.accept(entry.told());
      }
    }
  }

  private void freePromise(ActorRef<Offer> worker, long nowMillis) {
    Promise promise = promises.remove(worker);
    if (promise == null) {
      return;
    }
    Entry entry = promise.entry();
    entry.promised -= promise.count();
    // Not if the queue has left meanwhile, or its row is not a candidate any more.
    Standing row = entry.standing;
    if (entries.get(row.queue()) == entry && row.isOffered()) {
      waking.add(row);
      if (entry.isUnannounced()) {
        noteUnannounced(row.queue(), nowMillis);
      }
    }
  }

  /** A row with what the board has made of it. */
  static final class Entry {
    private Standing standing;
    private long version;
    private long promised;
    private boolean isSpent;

    /** Since when there is something to dispatch. */
    private long workSinceMillis;

    /** How much work other nodes were told of, as long as it was not less. */
    private long announced;

    private Entry(Standing standing) {
      this.standing = standing;
    }

    Standing standing() {
      return standing;
    }

    private void take(Standing now, long newVersion, long nowMillis) {
      if (version == 0 || standing.row().dispatchable() == 0) {
        workSinceMillis = nowMillis;
      }
      standing = now;
      version = newVersion;
      isSpent = false;
      announced = Math.min(announced, now.row().dispatchable());
    }

    /** How much of it nobody was woken for. */
    private long free() {
      return isSpent ? 0 : standing.row().dispatchable() - promised;
    }

    /** What the workers of this node have to do here. */
    private long work() {
      return standing.isHere() && !isSpent ? standing.row().dispatchable() : 0;
    }

    private boolean isUnannounced() {
      return standing.isHere() && standing.row().dispatchable() > announced;
    }

    private Standing told() {
      return standing.isHere() && announced == 0 ? standing.kept() : standing;
    }
  }

  private record Promise(Entry entry, int count) {}
}
