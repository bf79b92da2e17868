package io.tidewheel.client;

/** Nothing was done, and the same may succeed later. */
public final class RetryableException extends TidewheelException {
  private static final long serialVersionUID = 1L;

  RetryableException(String type, String detail) {
    super(type, detail);
  }
}
