package io.tidewheel.worker;

import java.util.concurrent.CompletionStage;

/** A redrive that runs, or has ended. Safe for any thread. */
public interface Redrive {
  /**
   * Over when the redrive is. Fails with a {@link java.util.concurrent.CancellationException} if it
   * was cancelled, and with a {@link RedriveFailedException} if it could not go on. What it did
   * until then stays; another one goes on with what is left.
   */
  CompletionStage<Void> end();

  /** Asks it to end; what it has in hand is finished first. */
  void cancel();
}
