package io.tidewheel.session;

import io.tidewheel.session.frame.Frame;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import java.time.Duration;

/** Between the words of frames and those of subscriptions. */
final class Handles {
  /** Longest delay and lease, as over HTTP. */
  private static final long MAX_MILLIS = Duration.ofHours(12).toMillis();

  private Handles() {}

  static SettleAction action(Frame.Settle settle) {
    Duration given =
        settle.millis() < 0 ? null : Duration.ofMillis(Math.min(settle.millis(), MAX_MILLIS));
    return switch (settle.action()) {
      case ACK -> new SettleAction.Ack();
      case NACK -> new SettleAction.Nack(given, settle.reason());
      case RELEASE -> new SettleAction.Release();
      case REJECT -> new SettleAction.Reject(settle.reason());
      case EXTEND -> new SettleAction.Extend(given);
    };
  }

  static Frame.Status status(SettleStatus status) {
    return switch (status) {
      case ACKED -> Frame.Status.ACKED;
      case NACKED -> Frame.Status.NACKED;
      case RELEASED -> Frame.Status.RELEASED;
      case REJECTED -> Frame.Status.REJECTED;
      case EXTENDED -> Frame.Status.EXTENDED;
      case EXPIRED -> Frame.Status.EXPIRED;
      case INVALID -> Frame.Status.INVALID;
      case RETRY -> Frame.Status.RETRY;
    };
  }

  static Frame.Handle handle(Receipt receipt) {
    return new Frame.Handle(
        receipt.generation(),
        receipt.queue(),
        receipt.offset(),
        receipt.incarnation(),
        receipt.delivery());
  }

  static Receipt receipt(long subscriptionUid, Frame.Handle handle) {
    return new Receipt(
        subscriptionUid,
        handle.generation(),
        handle.queue(),
        handle.offset(),
        handle.incarnation(),
        handle.delivery());
  }
}
