package io.tidewheel.subscription;

import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Subscription.Board;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a subscription says about itself. */
final class Figures {
  private Figures() {}

  static Board.Row row(Reader.Context reader, long claim, Deliveries known, long dispatchable) {
    return new Board.Row(
        reader.topicUid(),
        reader.subscriptionUid(),
        reader.queue(),
        claim,
        dispatchable,
        known.whereabouts().backlog(),
        known.window().outCount(),
        known.window().oldestAtMillis(),
        Board.Presence.AWAKE);
  }

  static Reader.Status of(
      Reader.Context reader,
      Deliveries known,
      Policy policy,
      long dispatchable,
      Allowance allowance,
      @Nullable String trouble) {
    SubscriptionState state = known.state();
    boolean isLimited =
        allowance.rateWith(policy) < Double.POSITIVE_INFINITY
            && dispatchable == 0
            && known.dispatchable(policy) > 0;
    String reason = known.stopReason(policy);
    String stopReason = reason == null && isLimited ? word(allowance.gate(policy)) : reason;
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
        stopReason == null ? trouble : stopReason,
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
