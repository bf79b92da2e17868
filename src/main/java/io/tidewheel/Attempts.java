package io.tidewheel;

import akka.actor.typed.ActorSystem;
import io.tidewheel.journal.StoreSetupException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Tries again and again what a node cannot do without while it starts, for as long as the node
 * runs. For one thread at a time, which waits.
 */
final class Attempts {
  private final ActorSystem<?> system;
  private final Duration pause;
  private final Duration timeout;
  private volatile boolean hasEnded;
  private volatile CompletableFuture<?> current = new CompletableFuture<>();

  /**
   * For the system that it is about.
   *
   * @param pause between the end of a try and the next one
   * @param timeout of a try
   */
  Attempts(ActorSystem<?> system, Duration pause, Duration timeout) {
    this.system = system;
    this.pause = pause;
    this.timeout = timeout;
    // Once, and not for each try: what waits for the end of the node is kept until then.
    system.getWhenTerminated().thenRun(this::onEnd);
  }

  private void onEnd() {
    hasEnded = true;
    current.completeExceptionally(ended());
  }

  private static StoreSetupException ended() {
    return new StoreSetupException("the node has ended before it could serve");
  }

  /**
   * Waits until it has come.
   *
   * @param attempt begins to wait for it; asked again if that fails or takes long
   * @param failure what is said of a try that failed, in front of why
   * @throws NodeStartException if it can never come, or the node has ended meanwhile, because it
   *     has no place in its cluster
   */
  <T> T untilOneSucceeds(Supplier<CompletionStage<T>> attempt, String failure) {
    while (true) {
      try {
        return StartGate.within(orEnd(attempt.get()), failure, timeout);
      } catch (NodeStartException e) {
        Throwable cause = e.getCause();
        if (cause instanceof StoreSetupException || cause instanceof InterruptedException) {
          throw e;
        }
        system.log().warn("{}, waits on", e.getMessage());
      }
      rest();
    }
  }

  private <T> CompletableFuture<T> orEnd(CompletionStage<T> attempt) {
    CompletableFuture<T> first = new CompletableFuture<>();
    current = first;
    attempt.whenComplete(
        (result, failure) -> {
          if (failure == null) {
            first.complete(result);
          } else {
            first.completeExceptionally(failure);
          }
        });
    if (hasEnded) {
      first.completeExceptionally(ended());
    }
    return first;
  }

  /** Until the next try, or the end of the node. */
  private void rest() {
    CompletableFuture<Void> end = new CompletableFuture<>();
    current = end;
    try {
      if (!hasEnded) {
        end.get(pause.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (TimeoutException | ExecutionException e) {
      // The next try says which of the two it is.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
