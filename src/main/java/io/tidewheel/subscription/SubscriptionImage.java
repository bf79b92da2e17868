package io.tidewheel.subscription;

import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionState.Retry;
import java.util.List;
import java.util.SortedMap;
import org.roaringbitmap.RoaringBitmap;

/**
 * A {@link SubscriptionState} in one value, for the codec.
 *
 * @param soughtAtMillis when the generation began; 0 for the first
 * @param settledBeyond the settled offsets above the floor, relative to it
 */
record SubscriptionImage(
    long generation,
    long soughtAtMillis,
    long startOffset,
    long floor,
    RoaringBitmap settledBeyond,
    SortedMap<Long, Retry> retries,
    SortedMap<Long, List<Attempt>> histories,
    SortedMap<Long, Pending> outbox,
    long nextNumber,
    SortedMap<Long, LeaseLeft> leases,
    long ackedCount,
    long deadCount,
    long skippedCount,
    long filteredCount,
    SortedMap<Long, Integer> parked,
    RowMarks rowMarks) {}
