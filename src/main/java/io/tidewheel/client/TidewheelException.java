package io.tidewheel.client;

/** Why something could not be done; what to do about it is in the kind. */
public abstract sealed class TidewheelException extends RuntimeException
    permits RetryableException, PermanentException, OutcomeUnknownException {
  private static final long serialVersionUID = 1L;

  private final String type;

  TidewheelException(String type, String detail) {
    super(detail);
    this.type = type;
  }

  /** The kind of problem, as in the problems of the HTTP API, such as {@code over-limit}. */
  public String type() {
    return type;
  }
}
