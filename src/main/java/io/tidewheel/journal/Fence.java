package io.tidewheel.journal;

/**
 * The right to write. Asked inline, on the thread that is about to act, so that a thread which
 * wakes from a long pause sees the truth before it does anything.
 */
@FunctionalInterface
public interface Fence {
  /** Held as long as the process lives: the embedded store's fence is its lock file. */
  Fence ALWAYS = () -> true;

  /** Whether this node may persist, answer and deliver right now. Cheap; never blocks. */
  boolean isHeld();
}
