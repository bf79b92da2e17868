package io.tidewheel;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.queue.QueueWaker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * The first time this node has the catalog: before, it can serve nothing, as it does not know what
 * there is. Asks until it comes; then every queue is woken once.
 */
final class CatalogArrival {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final CompletableFuture<CatalogSnapshot> first = new CompletableFuture<>();
  private final ActorSystem<?> system;
  private final CatalogClient topics;
  private final ActorRef<QueueWaker.Command> waker;

  CatalogArrival(ActorSystem<?> system, CatalogClient topics, ActorRef<QueueWaker.Command> waker) {
    this.system = system;
    this.topics = topics;
    this.waker = waker;
    ask();
  }

  private void ask() {
    topics
        .refresh(TIMEOUT)
        .whenComplete(
            (catalog, failure) -> {
              if (failure == null) {
                waker.tell(new QueueWaker.WakeAll(catalog));
                first.complete(catalog);
              } else if (!system.getWhenTerminated().toCompletableFuture().isDone()) {
                ask();
              }
            });
  }

  boolean isThere() {
    return first.isDone();
  }

  CompletableFuture<CatalogSnapshot> first() {
    return first;
  }
}
