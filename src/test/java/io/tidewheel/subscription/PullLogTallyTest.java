package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.RowReader;
import io.tidewheel.subscription.PullLog.Tally;
import io.tidewheel.subscription.Sighting.State;
import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import io.tidewheel.subscription.SubscriptionEvent.Sought;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the records of settling say about one message, and when that is certain. */
class PullLogTallyTest {
  private static final long OFFSET = 5;

  @Test
  void theAckSaysWhenAndByWhom() {
    Tally tally = tally(1, State.SETTLED);
    tally.add(retried(10, OFFSET));
    tally.add(acked(20, 4, "other"));
    assertThat(tally.found()).isNull();
    tally.add(acked(30, OFFSET, "w"));
    Sighting found = tally.found();
    assertThat(found.state()).isEqualTo(State.SETTLED);
    assertThat(found.worker()).isEqualTo("w");
    assertThat(found.atMillis()).isEqualTo(30);
    assertThat(found.attempts()).isEqualTo(1);
    assertThat(tally.isCertain()).isTrue();
  }

  /** Guards that an ack of before a change of position is not shown for the one after it. */
  @Test
  void onlyTheGenerationThatHoldsCounts() {
    Tally tally = tally(2, State.SETTLED);
    tally.add(acked(10, OFFSET, "before"));
    assertThat(tally.isCertain()).isFalse();
    tally.add(new Sought(20, 2, 0));
    assertThat(tally.found()).isNull();
    tally.add(acked(30, OFFSET, "after"));
    assertThat(tally.isCertain()).isTrue();
    assertThat(tally.found().worker()).isEqualTo("after");
  }

  /** Guards the search from the middle on: the change of position itself is not read then. */
  @Test
  void whatWasSettledAfterTheChangeOfPositionIsCertainWithoutItsRecord() {
    Tally tally = new Tally(new Looks.Seen(Sighting.of(OFFSET, State.SETTLED, 0, null), 2, 20));
    tally.add(acked(10, OFFSET, "before"));
    assertThat(tally.isCertain()).isFalse();
    tally.add(acked(30, OFFSET, "after"));
    assertThat(tally.isCertain()).isTrue();
    assertThat(tally.found().worker()).isEqualTo("after");
  }

  @Test
  void aSettledMessageIsFoundBeforeMoreRecordsThanMayBeRead() {
    List<SubscriptionEvent> records = new ArrayList<>(List.of(acked(30, OFFSET, "w")));
    addLater(records);
    Sighting seen = Sighting.of(OFFSET, State.SETTLED, 0, null);
    assertThat(complete(records, new Looks.Seen(seen, 2, 20)).worker()).isEqualTo("w");
  }

  /** Guards the reason of a dead letter that holds its key: it is dead, so it did not come back. */
  @Test
  void aDeadLetterSaysWhyBeforeMoreRecordsThanMayBeRead() {
    List<SubscriptionEvent> records = new ArrayList<>(List.of(dying(30, true)));
    addLater(records);
    Sighting seen = Sighting.of(OFFSET, State.DEAD, 0, null);
    assertThat(complete(records, new Looks.Seen(seen, 1, 0)).detail())
        .isEqualTo("rejected: broken");
  }

  private static void addLater(List<SubscriptionEvent> records) {
    for (int i = 1; i < 20; i++) {
      records.add(acked(30 + i, OFFSET + i, "other"));
    }
  }

  /** Over records of 1 MiB each. */
  private static Sighting complete(List<SubscriptionEvent> records, Looks.Seen seen) {
    RowReader rows =
        (id, from, to, maxBytes) -> {
          List<RowReader.Row> read = new ArrayList<>();
          if (from <= records.size()) {
            LogRow.Entry<?> entry = new LogRow.Entry<>(1, records.get((int) from - 1));
            read.add(new RowReader.Row(from, entry, 1 << 20));
          }
          return CompletableFuture.completedFuture(read);
        };
    return new PullLog(rows)
        .complete(new PullLog.Place(7, 2, 70), seen, 1)
        .toCompletableFuture()
        .join();
  }

  @Test
  void aDeadLetterSaysWhyAndOneThatHoldsItsKeyMayComeBack() {
    Tally tally = tally(1, State.SETTLED);
    tally.add(dying(10, true));
    assertThat(tally.found().state()).isEqualTo(State.DEAD);
    assertThat(tally.found().detail()).isEqualTo("rejected: broken");
    assertThat(tally.isCertain()).isFalse();
    tally.add(reopened(20));
    assertThat(tally.found()).isNull();
    tally.add(acked(30, OFFSET, "w"));
    assertThat(tally.isCertain()).isTrue();
    assertThat(tally.found().state()).isEqualTo(State.SETTLED);

    Tally passing = tally(1, State.SETTLED);
    passing.add(dying(10, false));
    assertThat(passing.isCertain()).isTrue();
  }

  @Test
  void filteredAndPassedOverAreToldFromAcked() {
    Tally filtered = tally(1, State.SETTLED);
    filtered.add(
        new Settled(
            7,
            List.of(),
            Offsets.NONE,
            List.of(),
            List.of(),
            0,
            List.of(),
            Offsets.range(3, 9),
            Offsets.NONE,
            Offsets.NONE));
    assertThat(filtered.found().state()).isEqualTo(State.FILTERED);
    Tally skipped = tally(1, State.SETTLED);
    skipped.add(new Settled(7, List.of(), Offsets.range(3, 9), List.of(), List.of(), 0, List.of()));
    assertThat(skipped.found().state()).isEqualTo(State.SKIPPED);
    assertThat(skipped.found().atMillis()).isEqualTo(7);
  }

  private static Tally tally(long generation, State state) {
    return new Tally(
        new Looks.Seen(Sighting.of(OFFSET, state, 0, null), generation, Long.MAX_VALUE));
  }

  private static Settled acked(long atMillis, long offset, String worker) {
    return new Settled(
        atMillis,
        List.of(new Acks(WorkerName.of(worker, ""), Offsets.of(offset))),
        Offsets.NONE,
        List.of(),
        List.of(),
        0,
        List.of());
  }

  private static Settled retried(long atMillis, long offset) {
    return new Settled(
        atMillis,
        List.of(),
        Offsets.NONE,
        List.of(new Retried(offset, 1, 1, 0, Cause.NACKED, null)),
        List.of(),
        0,
        List.of());
  }

  private static Settled dying(long atMillis, boolean isParking) {
    return new Settled(
        atMillis,
        List.of(),
        Offsets.NONE,
        List.of(),
        List.of(new Dying(OFFSET, 1, 1, Cause.REJECTED, "broken", isParking)),
        1,
        List.of());
  }

  private static Settled reopened(long atMillis) {
    return new Settled(
        atMillis,
        List.of(),
        Offsets.NONE,
        List.of(),
        List.of(),
        0,
        List.of(),
        Offsets.NONE,
        Offsets.of(OFFSET),
        Offsets.NONE);
  }
}
