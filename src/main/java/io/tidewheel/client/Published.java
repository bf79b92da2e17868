package io.tidewheel.client;

/**
 * A message is stored and flushed.
 *
 * @param offset its place in the queue; negative if a repeat found it stored and nobody knows any
 *     more where
 * @param isDuplicate whether it had been stored before, by its id
 */
public record Published(int queue, long offset, boolean isDuplicate) {}
