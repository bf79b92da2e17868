package io.tidewheel.journal;

import java.util.function.BooleanSupplier;

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

  /**
   * Asks for a log that has just come to this node. What is known of its previous owner is then at
   * least as new as this call, however late it reaches whoever answers {@link #mayTakeOver}.
   *
   * @param onReady called on any thread, and at most once, when it is time to look; a hint that may
   *     get lost
   * @return whether the log may be recovered now; for any thread, cheap, never blocks
   */
  default BooleanSupplier claim(Runnable onReady) {
    return this::mayTakeOver;
  }

  /** Held while both are. */
  default Fence and(Fence other) {
    if (other == ALWAYS) {
      return this;
    }
    Fence self = this;
    return new Fence() {
      @Override
      public boolean isHeld() {
        return self.isHeld() && other.isHeld();
      }

      @Override
      public boolean mayTakeOver() {
        return self.mayTakeOver() && other.mayTakeOver();
      }

      @Override
      public BooleanSupplier claim(Runnable onReady) {
        BooleanSupplier own = self.claim(onReady);
        BooleanSupplier others = other.claim(onReady);
        return () -> own.getAsBoolean() && others.getAsBoolean();
      }
    };
  }
}
