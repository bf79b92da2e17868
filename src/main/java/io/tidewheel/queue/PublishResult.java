package io.tidewheel.queue;

/** What became of one message of a publish. */
public sealed interface PublishResult {

  /**
   * Stored and flushed.
   *
   * @param isDuplicate whether it had been stored before, by its id: queue and offset are those of
   *     the first time
   */
  record Stored(int queue, long offset, boolean isDuplicate) implements PublishResult {}

  /** Not stored. */
  record Refused(Reason reason, String detail) implements PublishResult {}

  /** Whether it is stored is not known; the same id or number sent again finds out. */
  record Unknown(String detail) implements PublishResult {}

  /** Why a message was not stored. */
  enum Reason {
    /** Too much is waiting to be stored, or the queue's backlog is full: later. */
    OVER_LIMIT(true),
    /** The id was used for another body. */
    ID_CONFLICT(false),
    /** Its time was over before it could be stored. */
    EXPIRED(true),
    /** The queue does not answer or may not write now: later. */
    UNAVAILABLE(true),
    /** The topic was deleted. */
    TOPIC_GONE(false),
    /** Larger than the topic takes. */
    TOO_LARGE(false),
    /** No space for more; consumers go on. */
    DISK_FULL(true);

    private final boolean isRetryable;

    Reason(boolean isRetryable) {
      this.isRetryable = isRetryable;
    }

    public boolean isRetryable() {
      return isRetryable;
    }
  }
}
