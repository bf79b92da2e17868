package io.tidewheel.cli.load;

import io.tidewheel.message.EnumNames;

/** What is measured on its own. */
public enum Operation {
  /** A publish of one message or one batch. */
  PUBLISH,

  /** A pull that brought messages; those that brought none are only counted. */
  PULL,

  ACK,

  /** An ack after publishing had ended, in a run that does both. */
  CATCH_UP,

  NACK,

  /** A request that the broker answers without doing anything. */
  EMPTY,

  /** From the time a message should have been sent to its arrival in a consumer of the same run. */
  END_TO_END;

  /** As it is written in reports and thresholds. */
  public String label() {
    return EnumNames.dashed(this);
  }
}
