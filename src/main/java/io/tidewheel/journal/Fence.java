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

  /**
   * Whether a log may be recovered here for the first time now: the right is held, and no other
   * node can still believe that it has it. What is recovered before could miss rows that another
   * node is about to confirm. Cheap; never blocks.
   */
  default boolean mayTakeOver() {
    return isHeld();
  }
}
