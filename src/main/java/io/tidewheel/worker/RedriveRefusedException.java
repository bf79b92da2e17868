package io.tidewheel.worker;

/** A redrive that did not begin; the message says why. */
public final class RedriveRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Why why;

  /** Why it did not begin. */
  public enum Why {
    /** What is there forbids it: one that runs, or dead letters of an earlier topic. */
    CONFLICT,
    /** Too many run on this node. */
    TOO_MANY,
    /** Not now. */
    NOT_NOW
  }

  RedriveRefusedException(Why why, String message) {
    super(message, null, false, false);
    this.why = why;
  }

  public Why why() {
    return why;
  }
}
