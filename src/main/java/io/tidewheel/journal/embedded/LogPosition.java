package io.tidewheel.journal.embedded;

/**
 * A place between two blocks of the log.
 *
 * @param segment number of the file
 * @param offset in it, in bytes
 * @param sequence of the block that starts here, or will
 */
record LogPosition(long segment, long offset, long sequence) {
  /** Where the log of a new store begins. */
  static final LogPosition START = new LogPosition(1, 0, 1);
}
