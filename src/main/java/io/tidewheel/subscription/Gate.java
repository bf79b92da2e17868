package io.tidewheel.subscription;

/** What holds a message, or a whole subscription on one queue. Its names are part of the API. */
public enum Gate {
  /** Nothing holds it: whoever asks gets it, and nobody with free capacity asks. */
  NO_WORKER,
  /** The subscription is paused. */
  PAUSED,
  /** The most messages that may be with workers are with workers. */
  IN_FLIGHT,
  /** The rate of the subscription is used up for now. */
  RATE,
  /** Too many deliveries fail: the rate is lowered until they succeed. */
  SUCCESS,
  /** A backend asked for less, or its budget is used up for now. */
  BACKEND,
  /** The node is busy: the rate is lowered so that publishing stays fast. */
  CPU,
  /** Too much failed, or is settled beyond an unsettled message, to be recorded. */
  RECORDS,
  /** An earlier message of its key is not settled. */
  KEY_BLOCKED,
  /** An earlier message of its key is a dead letter for which the key waits. */
  KEY_PARKED,
  /** It is with a worker. */
  LEASED,
  /** Its retry time is not reached. */
  NOT_DUE,
  /** It was not read yet, or is being read again. */
  READING,
  /** It was not read yet, and no more is read until something in the window is settled. */
  WINDOW,
  /** The store may not be written, or could not be read. */
  STORE,
  /** The queue is moving or stopping. */
  MOVING,
  /** The subscription is being deleted. */
  CLOSING,
  /** It is a dead letter. */
  DEAD,
  /** It was settled. */
  SETTLED,
  /** Its headers are not what the subscription asks for. */
  FILTERED,
  /** It is none of the subscription's business, or was passed over. */
  SKIPPED,
  /** Everything is settled. */
  NOTHING
}
