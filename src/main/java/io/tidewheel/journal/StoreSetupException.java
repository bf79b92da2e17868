package io.tidewheel.journal;

/** A store is there but not what the settings say; the message is one line that says what to do. */
public final class StoreSetupException extends RuntimeException {
  /** With what was found, what was expected and what to do. */
  public StoreSetupException(String message) {
    super(message);
  }
}
