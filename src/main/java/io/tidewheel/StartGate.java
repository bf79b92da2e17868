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

  private final ActorSystem<?> system;
  private final boolean isPatient;
  private final @Nullable WaitingServer server;
  private volatile String waitsFor = "waits for the store";

  private StartGate(ActorSystem<?> system, TidewheelSettings.Http http, boolean isPatient) {
    this.system = system;
    this.isPatient = isPatient;
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
    while (isPatient) {
      try {
        return within(orEnd(attempt.get()), what + " did not come up");
      } catch (NodeStartException e) {
        if (isFinal(e)) {
          throw e;
        }
        system.log().warn("{}, waits on", e.getMessage());
      }
    }
    return within(attempt.get(), what + " did not come up");
  }

  /** A node that has ended meanwhile, because it has no place in its cluster, waits for nothing. */
  private <T> CompletionStage<T> orEnd(CompletionStage<T> attempt) {
    return attempt.applyToEither(
        system
            .getWhenTerminated()
            .<T>thenApply(
                done -> {
                  throw new CompletionException(
                      new StoreSetupException("the node has ended before it could serve"));
                }),
        result -> result);
  }

  private static boolean isFinal(NodeStartException failure) {
    Throwable cause = failure.getCause();
    return cause instanceof StoreSetupException || cause instanceof InterruptedException;
  }

  /** Gives the address free for the server that serves; gives where that is to listen. */
  TidewheelSettings.Http open(TidewheelSettings.Http http) {
    if (server == null) {
      return http;
    }
    int port = server.port();
    within(server.stop(), "the address did not get free");
    return http.withPort(port);
  }

  static String cannotListen(TidewheelSettings.Http http) {
    return "cannot listen on " + http.host() + ':' + http.port();
  }

  static <T> T within(CompletionStage<T> stage, String failure) {
    try {
      return stage.toCompletableFuture().get(TRY_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String message =
          cause instanceof StoreSetupException
              ? String.valueOf(cause.getMessage())
              : failure + ": " + cause.getMessage();
      throw new NodeStartException(message, cause);
    } catch (TimeoutException e) {
      throw new NodeStartException(failure + " within " + TRY_TIMEOUT.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NodeStartException("interrupted", e);
    }
  }
}
