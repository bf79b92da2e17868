package io.tidewheel.fault;

import io.tidewheel.crash.Violation;

/** What a run may show to be broken. */
enum Promise {
  LOST(true),
  ORDER(true),
  STORED_TWICE(true),
  TWO_WRITERS(true),
  LOG(true),
  TAKEN_ALONE(true),
  /** Something else about what came out. */
  DELIVERY(false),
  FLOOR(false),
  MISSED(false),
  COUNTS(false),
  /** A count that is not what it must be. */
  FIGURE(false),
  /** The run did not show what it is for. */
  INCOMPLETE(false);

  private final boolean isOfFence;

  Promise(boolean isOfFence) {
    this.isOfFence = isOfFence;
  }

  static Promise of(Violation.Kind kind) {
    return switch (kind) {
      case LOST -> LOST;
      case OUT_OF_ORDER -> ORDER;
      case STORED_TWICE -> STORED_TWICE;
      default -> DELIVERY;
    };
  }

  /** Whether it is what goes wrong when a node writes that must not. */
  boolean isOfFence() {
    return isOfFence;
  }

  String text() {
    return name().replace('_', ' ');
  }
}
