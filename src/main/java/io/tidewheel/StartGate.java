package io.tidewheel;

import akka.actor.typed.ActorSystem;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.http.WaitingServer;
import io.tidewheel.journal.NodeStore;
import io.tidewheel.journal.StoreSetupException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a node does until it serves. A store of its own is there or the start fails. A shared one
 * may come later, and the other nodes too: the node then waits for them as long as it takes, and
 * says so over HTTP.
 */
final class StartGate {
  private static final Duration TRY_TIMEOUT = Duration.ofSeconds(60);

  /** Between two tries, or one that fails at once would be repeated without end. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final @Nullable Attempts attempts;
  private final @Nullable WaitingServer server;
  private volatile String waitsFor = "waits for the store";

  private StartGate(ActorSystem<?> system, TidewheelSettings.Http http, boolean isPatient) {
    this.attempts = isPatient ? new Attempts(system, PAUSE, TRY_TIMEOUT) : null;
    this.server =
        isPatient
            ? within(WaitingServer.bind(system, http, () -> waitsFor), cannotListen(http))
            : null;
  }

  /**
   * Waits for the store.
   *
   * @throws NodeStartException if it is there and not what it must be
   */
  static StartGate of(ActorSystem<?> system, TidewheelSettings settings, NodeStore store) {
    StartGate gate = new StartGate(system, settings.http(), store.isShared());
    gate.await(() -> store.ready(), "the store");
    return gate;
  }

  /**
   * Waits for something the node cannot serve without.
   *
   * @param attempt begins to wait for it; asked again if that fails or takes long
   * @param what it is, for people
   */
  <T> T await(Supplier<CompletionStage<T>> attempt, String what) {
    waitsFor = "waits for " + what;
    String failure = what + " did not come up";
    return attempts == null
        ? within(attempt.get(), failure)
        : attempts.untilOneSucceeds(attempt, failure);
  }

  /** Gives the address free for the server that serves; gives the port where that is to listen. */
  int open(TidewheelSettings.Http http) {
    if (server == null) {
      return http.port();
    }
    int port = server.port();
    within(server.stop(), "the address did not get free");
    return port;
  }

  static String cannotListen(TidewheelSettings.Http http) {
    return "cannot listen on " + http.host() + ':' + http.port();
  }

  static <T> T within(CompletionStage<T> stage, String failure) {
    return within(stage, failure, TRY_TIMEOUT);
  }

  /**
   * Waits for a stage.
   *
   * @param failure what is said in front of why
   */
  static <T> T within(CompletionStage<T> stage, String failure, Duration timeout) {
    try {
      return stage.toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String message =
          cause instanceof StoreSetupException
              ? String.valueOf(cause.getMessage())
              : failure + ": " + cause.getMessage();
      throw new NodeStartException(message, cause);
    } catch (TimeoutException e) {
      throw new NodeStartException(failure + " within " + timeout.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NodeStartException("interrupted", e);
    }
  }
}
