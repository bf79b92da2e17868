package io.tidewheel.queue;

/**
 * A place in a queue's log between two batches.
 *
 * @param offset of the first message behind it
 * @param seqNr rows up to it hold no message behind it; 0 if the row is not known
 * @param bytes payload bytes of all messages ever stored before it
 * @param atMillis when the last batch before it was stored; 0 at the start of the log
 */
record LogMark(long offset, long seqNr, long bytes, long atMillis) {
  /** Before the first message. */
  static final LogMark ORIGIN = new LogMark(0, 0, 0, 0);
}
