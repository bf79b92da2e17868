package io.tidewheel.session.frame;

/** What came is not as the protocol has it: the session ends with a code that says why. */
public final class FrameException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final CloseCode code;

  /** A reason with words for the other side. */
  public FrameException(CloseCode code, String detail) {
    super(detail, null, false, false);
    this.code = code;
  }

  public CloseCode code() {
    return code;
  }

  /** What is wrong, in words. */
  public String detail() {
    return String.valueOf(getMessage());
  }
}
