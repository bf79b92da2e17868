package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;

/** Why a broker refused something, for the user. */
final class Refusal {
  private Refusal() {}

  static TidewheelException of(Frame.Failure failure) {
    return failure.isRetryable()
        ? new RetryableException(failure.type(), failure.detail())
        : new PermanentException(failure.type(), failure.detail());
  }
}
