package io.tidewheel.journal;

/** The rows of a log contradict each other: it is damaged, and its owner refuses to serve it. */
public final class BrokenChainException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what is wrong and where. */
  public BrokenChainException(String message) {
    super(message);
  }
}
