package io.tidewheel.subscription;

import io.tidewheel.message.Limits;

/** What an answer to a pull still has room for: payload as asked for, and not too much else. */
final class AnswerRoom {
  private long payloadBytes;
  private long weight = Limits.MAX_PULL_WEIGHT;
  private boolean isWhole = true;

  AnswerRoom(long payloadBytes) {
    this.payloadBytes = payloadBytes;
  }

  /** Whether a message fits; the first one always does. */
  boolean isFor(Slot slot) {
    return isWhole || (slot.payloadBytes() <= payloadBytes && slot.weight <= weight);
  }

  void fill(Slot slot) {
    payloadBytes -= slot.payloadBytes();
    weight -= slot.weight;
    isWhole = false;
  }
}
