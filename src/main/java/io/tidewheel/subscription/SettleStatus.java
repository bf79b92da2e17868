package io.tidewheel.subscription;

/** What became of one receipt. */
public enum SettleStatus {
  ACKED,
  NACKED,
  RELEASED,
  REJECTED,
  EXTENDED,
  /** The delivery is not the newest of its message, or its lease has ended: nothing was changed. */
  EXPIRED,
  /** No receipt of this subscription. */
  INVALID,
  /** Not stored now; send it again. */
  RETRY
}
