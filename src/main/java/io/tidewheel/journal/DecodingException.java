package io.tidewheel.journal;

/** Stored bytes that no writer of this version can have written. */
public final class DecodingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DecodingException(String message) {
    super(message);
  }
}
