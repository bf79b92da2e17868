package io.tidewheel.subscription;

import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.RowReader;
import io.tidewheel.subscription.Sighting.State;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of settling back: when a message was settled, how, and by whom. Safe for any
 * thread; past the subscription, which it neither wakes nor delays.
 *
 * <p>There is no index. About where the record stands is searched for by its offset, because
 * messages are settled about in their order, and a bounded number of bytes is read from there; what
 * is not found there is looked for once more from the time on at which it was published. Where both
 * end without it, or it was dropped with the topic's retention, the answer is that it is not known.
 */
public final class PullLog {
  /** Read from one place on. */
  private static final long MAX_BYTES = 4 << 20;

  private static final long STEP_BYTES = 256 << 10;

  /** Records before the one that the search finds: messages are not settled quite in order. */
  private static final long BEFORE = 500;

  private static final String UNKNOWN =
      "settled; how, when and by whom is not among the records of settling any more, or could not"
          + " be found among them within bounds";

  private final RowReader rows;

  public PullLog(RowReader rows) {
    this.rows = rows;
  }

  /** The log of one subscription on one queue. */
  public record Place(long topicUid, int queue, long subscriptionUid) {
    String persistenceId() {
      return SubscriptionLog.persistenceId(topicUid, queue, subscriptionUid).id();
    }
  }

  /**
   * Completes what a subscription says about a settled or dead message; everything else stays as it
   * is.
   *
   * @param publishedAtMillis when the message was stored
   */
  public CompletionStage<Sighting> complete(Place place, Looks.Seen seen, long publishedAtMillis) {
    Sighting sighting = seen.sighting();
    boolean isMissing =
        sighting.state() == State.SETTLED
            || (sighting.state() == State.DEAD && sighting.detail() == null);
    if (!isMissing) {
      return CompletableFuture.completedFuture(sighting);
    }
    Search search = new Search(place.persistenceId(), seen);
    return search
        .from(row -> search.reaches(row, sighting.offset()), BEFORE)
        .thenCompose(
            found ->
                found != null
                    ? CompletableFuture.completedFuture(found)
                    : search.from(row -> atMillis(row) >= publishedAtMillis, 0))
        .thenApply(found -> found == null ? unknown(sighting) : found);
  }

  private static Sighting unknown(Sighting sighting) {
    return sighting.state() == State.DEAD
        ? sighting
        : Sighting.of(sighting.offset(), State.SETTLED, 0, UNKNOWN);
  }

  private static long atMillis(SubscriptionEvent event) {
    return event.atMillis();
  }

  /** A search for one message. */
  private final class Search {
    private final String persistenceId;
    private final Looks.Seen seen;

    Search(String persistenceId, Looks.Seen seen) {
      this.persistenceId = persistenceId;
      this.seen = seen;
    }

    /** Whether an event settles anything at an offset or beyond. */
    boolean reaches(SubscriptionEvent event, long offset) {
      return event instanceof Settled settled
          && (settled.acks().stream().anyMatch(acks -> reaches(acks.offsets(), offset))
              || reaches(settled.skipped(), offset)
              || reaches(settled.filtered(), offset)
              || settled.retried().stream().anyMatch(retry -> retry.offset() >= offset)
              || settled.dying().stream().anyMatch(dying -> dying.offset() >= offset));
    }

    private boolean reaches(Offsets offsets, long offset) {
      return !offsets.isEmpty() && offsets.end(offsets.rangeCount() - 1) > offset;
    }

    /** Reads on from some records before the first one of which something holds. */
    CompletionStage<@Nullable Sighting> from(Predicate<SubscriptionEvent> condition, long before) {
      return first(1)
          .thenCompose(
              first ->
                  first == null
                      ? CompletableFuture.completedFuture(1L)
                      : condition.test(first.event())
                          ? CompletableFuture.completedFuture(first.seqNr())
                          : gallop(condition, first.seqNr(), 1))
          .thenCompose(seqNr -> read(new Tally(seen), Math.max(1, seqNr - before), MAX_BYTES));
    }

    /** The condition does not hold at {@code low}. */
    private CompletionStage<Long> gallop(
        Predicate<SubscriptionEvent> condition, long low, long step) {
      return first(low + step)
          .thenCompose(
              row ->
                  row == null || condition.test(row.event())
                      ? bisect(condition, low, low + step)
                      : gallop(condition, row.seqNr(), step * 2));
    }

    private CompletionStage<Long> bisect(
        Predicate<SubscriptionEvent> condition, long low, long high) {
      if (high - low <= 1) {
        return CompletableFuture.completedFuture(low);
      }
      long middle = low + (high - low) / 2;
      return first(middle)
          .thenCompose(
              row ->
                  row == null || condition.test(row.event())
                      ? bisect(condition, low, middle)
                      : bisect(condition, middle, high));
    }

    private record Event(long seqNr, SubscriptionEvent event) {}

    /** The first event at or after a row; null if there is none. */
    private CompletionStage<@Nullable Event> first(long seqNr) {
      return rows.read(persistenceId, seqNr, Long.MAX_VALUE, 1)
          .thenCompose(
              read -> {
                for (RowReader.Row row : read) {
                  SubscriptionEvent event = eventOf(row);
                  if (event != null) {
                    return CompletableFuture.<@Nullable Event>completedFuture(
                        new Event(row.seqNr(), event));
                  }
                }
                return read.isEmpty()
                    ? CompletableFuture.<@Nullable Event>completedFuture(null)
                    : first(read.get(read.size() - 1).seqNr() + 1);
              });
    }

    private CompletionStage<@Nullable Sighting> read(Tally tally, long seqNr, long bytesLeft) {
      return rows.read(persistenceId, seqNr, Long.MAX_VALUE, Math.min(STEP_BYTES, bytesLeft))
          .thenCompose(
              read -> {
                long left = bytesLeft;
                for (RowReader.Row row : read) {
                  left -= row.bytes();
                  SubscriptionEvent event = eventOf(row);
                  if (event != null) {
                    tally.add(event);
                  }
                }
                if (read.isEmpty() || tally.isCertain()) {
                  return CompletableFuture.<@Nullable Sighting>completedFuture(tally.found());
                }
                return left > 0
                    ? read(tally, read.get(read.size() - 1).seqNr() + 1, left)
                    : CompletableFuture.<@Nullable Sighting>completedFuture(tally.likely());
              });
    }
  }

  private static @Nullable SubscriptionEvent eventOf(RowReader.Row row) {
    return row.event() instanceof LogRow.Entry<?> entry
            && entry.event() instanceof SubscriptionEvent event
        ? event
        : null;
  }

  /** What the records that were read say about one message, one after the other. */
  static final class Tally {
    private final long offset;
    private final long generation;
    private final long soughtAtMillis;
    private final boolean isDead;
    private long seenGeneration;
    private @Nullable Sighting found;
    private int attempts;
    private boolean mayComeBack;

    Tally(Looks.Seen seen) {
      this.offset = seen.sighting().offset();
      this.generation = seen.generation();
      this.soughtAtMillis = seen.soughtAtMillis();
      this.isDead = seen.sighting().state() == State.DEAD;
      // Without a change of position there is only the first generation.
      this.seenGeneration = seen.generation() == 1 ? 1 : 0;
    }

    void add(SubscriptionEvent event) {
      if (event instanceof SubscriptionEvent.Sought sought) {
        seenGeneration = sought.generation();
        found = null;
        attempts = 0;
      } else if (event instanceof Settled settled && !isCertain()) {
        add(settled);
      }
    }

    private void add(Settled settled) {
      settled.retried().stream()
          .filter(retry -> retry.offset() == offset)
          .forEach(retry -> attempts = retry.attempts());
      for (SubscriptionEvent.Acks acks : settled.acks()) {
        if (acks.offsets().contains(offset)) {
          found = Sighting.of(offset, State.SETTLED, attempts, null).by(acks.worker());
        }
      }
      settled.dying().stream()
          .filter(dying -> dying.offset() == offset)
          .forEach(
              dying -> {
                found = dead(settled.atMillis(), dying);
                mayComeBack = dying.isParking();
              });
      if (settled.skipped().contains(offset)) {
        found = Sighting.of(offset, State.SKIPPED, 0, "passed over");
      }
      if (settled.filtered().contains(offset)) {
        found = Sighting.of(offset, State.FILTERED, 0, null);
      }
      if (settled.reopened().contains(offset)) {
        found = null;
        attempts = 0;
        mayComeBack = false;
      }
      if (found != null && found.atMillis() == 0) {
        found = found.at(settled.atMillis());
      }
    }

    private Sighting dead(long atMillis, SubscriptionEvent.Dying dying) {
      Attempt last = new Attempt(dying.attempts(), atMillis, dying.cause(), dying.reason());
      return Sighting.of(offset, State.DEAD, dying.attempts(), DeadLetter.words(last))
          .at(atMillis)
          .holdingKey(isDead);
    }

    /**
     * Whether nothing that follows can change what was found: a dead letter that holds its key may
     * be tried anew.
     */
    boolean isCertain() {
      return found != null
          && !mayComeBack
          && (seenGeneration == generation || found.atMillis() > soughtAtMillis);
    }

    /** What is known when there is more to read than may be read: it is dead, and this is why. */
    @Nullable Sighting likely() {
      return found != null && isDead && found.state() == State.DEAD ? found : null;
    }

    /** What is known when nothing follows. */
    @Nullable Sighting found() {
      return found;
    }
  }
}
