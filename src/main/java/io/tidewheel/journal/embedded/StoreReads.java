package io.tidewheel.journal.embedded;

import akka.Done;
import akka.dispatch.Futures;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import scala.concurrent.Future;
import scala.concurrent.Promise;

/** Runs what waits for the disk on the store's read dispatcher, in a bounded number. */
final class StoreReads {
  private final Executor dispatcher;
  private final int limit;
  private final AtomicInteger running = new AtomicInteger();

  StoreReads(Executor dispatcher, int limit) {
    this.dispatcher = dispatcher;
    this.limit = limit;
  }

  /** Fails with OVERLOADED if too many reads run or wait. */
  <T> CompletableFuture<T> run(Supplier<T> read) {
    if (running.incrementAndGet() > limit) {
      running.decrementAndGet();
      return CompletableFuture.failedFuture(
          new StoreException(
              Kind.OVERLOADED, limit + " reads of the store run or wait; none was started"));
    }
    return CompletableFuture.supplyAsync(read, dispatcher)
        .whenComplete((result, failure) -> running.decrementAndGet());
  }

  /** As Akka's plugins answer; failures without the wrapping of dependent stages. */
  static <T> Future<T> toScala(CompletionStage<T> stage) {
    Promise<T> promise = Futures.promise();
    var unused =
        stage.whenComplete(
            (result, failure) -> {
              if (failure == null) {
                promise.success(result);
              } else {
                promise.failure(
                    failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure);
              }
            });
    return promise.future();
  }

  /** The same for those that answer nothing. */
  static Future<Void> toScalaVoid(CompletionStage<Done> stage) {
    return toScala(stage.thenApply(done -> null));
  }
}
