package io.tidewheel.session;

import io.tidewheel.backlog.Standing;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.message.EnumNames;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.monitor.Rates;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.subscription.Subscription.Board.Row;
import io.tidewheel.subscription.Tally;

/** What a feed tells, as frames. */
final class BacklogFrames {
  private BacklogFrames() {}

  static Frame.Backlog of(int ref, BacklogFeed.Update update) {
    return new Frame.Backlog(
        ref,
        update.isReset(),
        update.hasMore(),
        update.rows().stream().map(BacklogFrames::row).toList(),
        update.gone().stream().map(BacklogFrames::place).toList());
  }

  private static Frame.BacklogRow row(BacklogFeed.Row told) {
    Standing standing = told.standing();
    Row row = standing.row();
    Tally tally = row.tally();
    Rates rates = told.rates();
    return new Frame.BacklogRow(
        place(standing.place()),
        told.topic().name(),
        told.subscription().name(),
        standing.home().node(),
        new Frame.Counts(
            row.backlog(),
            tally.waiting(),
            row.leased(),
            row.dispatchable(),
            tally.lag(),
            tally.dead()),
        row.oldestAtMillis(),
        tally.workers(),
        new Frame.RatesPerSecond(
            thousandths(rates.in()), thousandths(rates.out()), thousandths(rates.failed())),
        rates.drainSeconds(row.backlog()),
        allowed(told.allowed()),
        EnumNames.dashed(told.allowed().reason()),
        tally.stopReason(),
        told.subscription().settings().isPaused(),
        row.isAsleep());
  }

  private static Frame.BacklogPlace place(Standing.Place place) {
    return new Frame.BacklogPlace(place.subscriptionUid(), place.queue());
  }

  private static long allowed(Allowances.Allowed allowed) {
    return allowed.rate() == Double.POSITIVE_INFINITY ? -1 : thousandths(allowed.rate());
  }

  private static long thousandths(double rate) {
    return Math.round(rate * 1_000);
  }
}
