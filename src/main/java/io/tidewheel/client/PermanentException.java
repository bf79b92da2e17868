package io.tidewheel.client;

/** Nothing was done, and the same will never succeed. */
public final class PermanentException extends TidewheelException {
  private static final long serialVersionUID = 1L;

  PermanentException(String type, String detail) {
    super(type, detail);
  }
}
