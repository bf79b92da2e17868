package io.tidewheel.subscription;

import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Subscription.Board;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a subscription says about itself. */
final class Figures {
  private Figures() {}

  static Board.Row row(
      Reader.Context reader,
      BoardReport report,
      Deliveries known,
      Policy policy,
      long dispatchable,
      Allowance allowance,
      @Nullable String trouble,
      Now now) {
    return new Board.Row(
        reader.topicUid(),
        reader.subscriptionUid(),
        reader.queue(),
        report.claim(),
        dispatchable,
        known.whereabouts().backlog(),
        known.window().outCount(),
        known.window().oldestAtMillis(),
        Board.Presence.AWAKE,
        tally(known, stopReason(known, policy, dispatchable, allowance, trouble), now));
  }

  private static Tally tally(Deliveries known, @Nullable String stopReason, Now now) {
    SubscriptionState state = known.state();
    Turnover turnover = known.whereabouts().turnover();
    return new Tally(
        known.whereabouts().waiting(),
        Math.max(0, known.nextOffset() - state.floor()),
        state.deadCount(),
        turnover.workers(now.nanos()),
        stopReason,
        turnover.since(state, known.nextOffset()));
  }

  private static @Nullable String stopReason(
      Deliveries known,
      Policy policy,
      long dispatchable,
      Allowance allowance,
      @Nullable String trouble) {
    String reason = known.stopReason(policy);
    if (reason != null) {
      return reason;
    }
    boolean isLimited =
        allowance.rateWith(policy) < Double.POSITIVE_INFINITY
            && dispatchable == 0
            && known.dispatchable(policy) > 0;
    return isLimited ? word(allowance.gate(policy)) : trouble;
  }

  static Reader.Status of(
      Reader.Context reader,
      Deliveries known,
      Policy policy,
      long dispatchable,
      Allowance allowance,
      @Nullable String trouble) {
    SubscriptionState state = known.state();
    return new Reader.Status(
        reader.subscriptionUid(),
        reader.queue(),
        state.generation(),
        state.startOffset(),
        state.floor(),
        known.whereabouts().backlog(),
        known.whereabouts().waiting(),
        known.window().outCount(),
        dispatchable,
        known.window().oldestAtMillis(),
        state.ackedCount(),
        state.deadCount(),
        state.dyingCount(),
        state.filteredCount(),
        state.skippedCount(),
        state.parkedCount(),
        stopReason(known, policy, dispatchable, allowance, trouble),
        known.whereabouts().reconciliation());
  }

  private static String word(Gate gate) {
    return gate == Gate.RATE ? "rate-limit" : gate.name().toLowerCase(Locale.ROOT);
  }

  /** Before the stored state is known: what the queue said when it made the reader. */
  static Reader.Status recovering(Reader.Context reader, long nextOffset) {
    return new Reader.Status(
        reader.subscriptionUid(),
        reader.queue(),
        1,
        reader.startOffset(),
        reader.startOffset(),
        nextOffset - reader.startOffset(),
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        Reader.Status.RECOVERING,
        Reader.Reconciliation.UNKNOWN);
  }
}
