package io.tidewheel.subscription;

import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Subscription.Board;
import org.jspecify.annotations.Nullable;

/** What a subscription says about itself. */
final class Figures {
  private Figures() {}

  static Board.Row row(
      Reader.Context reader, Deliveries known, Policy policy, boolean isDispatching) {
    return new Board.Row(
        reader.topicUid(),
        reader.subscriptionUid(),
        reader.queue(),
        isDispatching ? known.dispatchable(policy) : 0,
        known.backlog(),
        known.window().oldestAtMillis(),
        false);
  }

  static Reader.Status of(
      Reader.Context reader,
      Deliveries known,
      Policy policy,
      boolean isDispatching,
      @Nullable String trouble) {
    SubscriptionState state = known.state();
    String stopReason = known.stopReason(policy);
    return new Reader.Status(
        reader.subscriptionUid(),
        reader.queue(),
        state.generation(),
        state.startOffset(),
        state.floor(),
        known.backlog(),
        known.waiting(),
        known.window().outCount(),
        isDispatching ? known.dispatchable(policy) : 0,
        known.window().oldestAtMillis(),
        state.ackedCount(),
        state.deadCount(),
        state.dyingCount(),
        stopReason == null ? trouble : stopReason,
        known.reconciliation());
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
        "recovering",
        Reader.Reconciliation.UNKNOWN);
  }
}
