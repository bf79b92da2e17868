package io.tidewheel.feedback;

import io.tidewheel.journal.LogEvent;
import org.jspecify.annotations.Nullable;

/** What happens to a backend. */
sealed interface BackendEvent extends LogEvent {
  /** What a backend says. */
  enum Signal {
    /** It takes everything. */
    NONE,
    /** It wants fewer calls. */
    SLOW,
    /** It wants none. */
    STOP
  }

  /**
   * All that is known of a backend.
   *
   * @param budget calls a second that it takes; null for no bound
   * @param rate calls a second that a {@link Signal#SLOW} asks for
   * @param untilMillis wall-clock time at which the signal ends; 0 without one
   * @param reason of the signal; null if it gave none
   */
  record Setup(
      @Nullable Double budget,
      Signal signal,
      double rate,
      long untilMillis,
      @Nullable String reason) {
    static final Setup NONE = new Setup(null, Signal.NONE, 0, 0, null);

    Setup withBudget(@Nullable Double calls) {
      return new Setup(calls, signal, rate, untilMillis, reason);
    }

    Setup withoutSignal() {
      return new Setup(budget, Signal.NONE, 0, 0, null);
    }

    /** As it is at a time: a signal whose time is over is none. */
    Setup at(long nowMillis) {
      return signal != Signal.NONE && nowMillis >= untilMillis ? withoutSignal() : this;
    }

    /** Calls a second that may be made; null for no bound. */
    @Nullable Double calls() {
      return switch (signal) {
        case NONE -> budget;
        case SLOW -> budget == null ? Double.valueOf(rate) : Double.valueOf(Math.min(budget, rate));
        case STOP -> Double.valueOf(0);
      };
    }
  }

  /** Somebody set its budget, or it sent a signal: this holds from now on. */
  record Changed(Setup setup) implements BackendEvent {
    @Override
    public int weight() {
      String reason = setup.reason();
      return 40 + (reason == null ? 0 : reason.length());
    }
  }
}
