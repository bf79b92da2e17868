package io.tidewheel.worker;

/** A redrive that could not go on; the message says why. */
public final class RedriveFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RedriveFailedException(String message) {
    super(message, null, false, false);
  }
}
