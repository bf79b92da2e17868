package io.tidewheel.client;

/** Whether it was done is not known; a message with an id can be published again to find out. */
public final class OutcomeUnknownException extends TidewheelException {
  private static final long serialVersionUID = 1L;

  OutcomeUnknownException(String type, String detail) {
    super(type, detail);
  }
}
