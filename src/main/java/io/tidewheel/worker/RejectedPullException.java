package io.tidewheel.worker;

/** A pull that was not begun, because too many are open or the node stops: try again later. */
public final class RejectedPullException extends RuntimeException {
  RejectedPullException(String message) {
    super(message);
  }
}
