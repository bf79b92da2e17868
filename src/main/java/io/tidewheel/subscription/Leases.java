package io.tidewheel.subscription;

import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who holds which message until when. Times are nanoseconds of a monotonic clock that began at 0.
 * Pure.
 *
 * <p>Deadlines are kept in buckets of about 67 ms as linked lists, so that granting, ending and
 * extending cost the same however many leases there are. A lease ends at its deadline or up to one
 * bucket later, never before.
 */
final class Leases {
  /** A lease can't be extended beyond this age. */
  static final long MAX_AGE_NANOS = 12L * 3600 * 1_000_000_000;

  /** Leases that an orderly stop hands over; the others end as they do after a crash. */
  private static final int MAX_LEFT = 10_000;

  private static final int BUCKET_SHIFT = 26;

  private final TreeMap<Long, Bucket> buckets = new TreeMap<>();
  private final Map<Object, Set<Lease>> byHolder = new HashMap<>();
  private int count;

  static final class Bucket {
    private final long tick;
    private @Nullable Lease first;

    private Bucket(long tick) {
      this.tick = tick;
    }
  }

  Lease grant(
      long offset, WorkerName worker, @Nullable Object holder, long nowNanos, long durationNanos) {
    long duration = Math.min(durationNanos, MAX_AGE_NANOS);
    Lease lease = new Lease(offset, worker, holder, nowNanos, nowNanos + duration);
    link(lease);
    if (holder != null) {
      byHolder.computeIfAbsent(holder, key -> new LinkedHashSet<>()).add(lease);
    }
    count++;
    return lease;
  }

  /** Ends a lease; one that has ended already stays so. */
  void end(Lease lease) {
    if (lease.bucket == null) {
      return;
    }
    unlink(lease);
    Object holder = lease.holder;
    if (holder != null) {
      Set<Lease> held = byHolder.get(holder);
      if (held != null && held.remove(lease) && held.isEmpty()) {
        byHolder.remove(holder);
      }
    }
    count--;
  }

  boolean isLive(Lease lease) {
    return lease.bucket != null;
  }

  /** Gives a live lease another {@code durationNanos} from now, within its greatest age. */
  void extend(Lease lease, long nowNanos, long durationNanos) {
    long deadline =
        Math.min(
            nowNanos + Math.min(durationNanos, MAX_AGE_NANOS), lease.startNanos + MAX_AGE_NANOS);
    unlink(lease);
    lease.deadlineNanos = deadline;
    link(lease);
  }

  /** When {@link #endExpired} has something to do next; {@link Long#MAX_VALUE} for never. */
  long nextDeadline() {
    return buckets.isEmpty() ? Long.MAX_VALUE : buckets.firstKey() << BUCKET_SHIFT;
  }

  /** Ends leases whose time is over, the oldest deadlines first, at most {@code limit}. */
  List<Lease> endExpired(long nowNanos, int limit) {
    List<Lease> ended = new ArrayList<>();
    while (!buckets.isEmpty() && nextDeadline() <= nowNanos && ended.size() < limit) {
      Lease lease = buckets.firstEntry().getValue().first;
      if (lease == null) {
        throw new IllegalStateException("an empty bucket of leases");
      }
      end(lease);
      ended.add(lease);
    }
    return ended;
  }

  /** Ends all leases of a holder, at most {@code limit} of them. */
  List<Lease> endOf(Object holder, int limit) {
    Set<Lease> held = byHolder.get(holder);
    if (held == null) {
      return List.of();
    }
    List<Lease> ended = held.stream().limit(limit).toList();
    ended.forEach(this::end);
    return ended;
  }

  boolean hasAny(Object holder) {
    return byHolder.containsKey(holder);
  }

  int count() {
    return count;
  }

  void clear() {
    List<Lease> all = new ArrayList<>(count);
    forEach(all::add);
    all.forEach(this::end);
  }

  void forEach(Consumer<Lease> action) {
    for (Bucket bucket : buckets.values()) {
      for (Lease lease = bucket.first; lease != null; lease = lease.next) {
        action.accept(lease);
      }
    }
  }

  /** The leases of a window that outlive this owner, by offset; not more than a few. */
  List<LeaseLeft> left(Window window, Now now) {
    List<LeaseLeft> left = new ArrayList<>();
    forEach(
        lease -> {
          Slot slot = window.find(lease.offset);
          if (slot != null && slot.lease == lease && slot.place == Slot.Place.LEASED) {
            left.add(
                new LeaseLeft(
                    slot.offset,
                    slot.deliveries,
                    slot.incarnation,
                    now.millisUntil(lease.deadlineNanos),
                    lease.worker));
          }
        });
    left.sort(Comparator.comparingLong(LeaseLeft::offset));
    return List.copyOf(left.subList(0, Math.min(left.size(), MAX_LEFT)));
  }

  private void link(Lease lease) {
    long tick = ((lease.deadlineNanos - 1) >> BUCKET_SHIFT) + 1;
    Bucket bucket = buckets.computeIfAbsent(tick, Bucket::new);
    Lease first = bucket.first;
    lease.next = first;
    if (first != null) {
      first.previous = lease;
    }
    bucket.first = lease;
    lease.bucket = bucket;
  }

  private void unlink(Lease lease) {
    Bucket bucket = lease.bucket;
    if (bucket == null) {
      throw new IllegalStateException("a lease that has ended");
    }
    Lease before = lease.previous;
    Lease after = lease.next;
    if (before == null) {
      bucket.first = after;
    } else {
      before.next = after;
    }
    if (after != null) {
      after.previous = before;
    }
    if (bucket.first == null) {
      buckets.remove(bucket.tick);
    }
    lease.previous = null;
    lease.next = null;
    lease.bucket = null;
  }
}
