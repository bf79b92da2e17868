package io.tidewheel.subscription;

import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Slot.Place;

/**
 * Where the messages of a generation are, counted. Each that is not settled is either below the
 * window's cursor, and then in the window, deferred by it, passed over, or dying without holding
 * its key; or it is at the cursor or above.
 */
final class Whereabouts {
  private final Window window;
  private final Ledger ledger;
  private final Intake intake;
  private final Turnover turnover;

  Whereabouts(Window window, Ledger ledger, Intake intake, Turnover turnover) {
    this.turnover = turnover;
    this.window = window;
    this.ledger = ledger;
    this.intake = intake;
  }

  Turnover turnover() {
    return turnover;
  }

  /** Every message since the generation's start, each in one place. */
  Reader.Reconciliation reconciliation() {
    if (!ledger.isKnown()) {
      return Reader.Reconciliation.UNKNOWN;
    }
    SubscriptionState state = ledger.state();
    long cursor = window.cursor();
    long unread =
        state.openCount(cursor, intake.nextOffset()) - state.casualties().countFrom(cursor);
    return Reader.Reconciliation.of(
        intake.nextOffset() - state.startOffset(),
        state.ackedCount(),
        state.deadCount(),
        state.filteredCount(),
        state.skippedCount(),
        waiting(),
        window.count(Place.READY),
        unread + window.count(Place.ABSENT),
        window.outCount() + ledger.passedCount());
  }

  /** Messages neither settled nor with a worker. */
  long backlog() {
    SubscriptionState state = ledger.state();
    return intake.nextOffset()
        - state.floor()
        - state.settledBeyondCount()
        - ledger.passedCount()
        - window.outCount();
  }

  /** Of the backlog, what waits for its retry time, for its key, or to become a dead letter. */
  long waiting() {
    SubscriptionState state = ledger.state();
    long cursor = window.cursor();
    return window.count(Place.WAITING)
        + window.count(Place.BLOCKED)
        + window.count(Place.PARKED)
        + window.deferredCount()
        + state.casualties().passingCount(state.floor(), cursor)
        + state.casualties().countFrom(cursor);
  }
}
