package io.tidewheel.cli;

import java.io.IOException;
import java.util.List;

/** What is done with messages on this side. Safe for any thread. */
interface MessageHandler {
  /**
   * Handles one message.
   *
   * @throws IOException when no further message can be handled either
   */
  Verdict handle(PulledMessage message) throws IOException, InterruptedException;

  /** Called when the messages of one pull are handled and before they are acked. */
  default void flush(List<PulledMessage> messages) throws IOException {}

  /** Whether each message is acked on its own, because handling one may take long. */
  boolean isSlow();

  /** What became of a message. */
  enum Outcome {
    DONE,
    FAILED,
    /** Interrupted through no fault of its own. */
    CUT_OFF
  }

  /** An outcome and, unless it is done, the reason. */
  record Verdict(Outcome outcome, String reason) {
    static final Verdict DONE = new Verdict(Outcome.DONE, "");
  }
}
