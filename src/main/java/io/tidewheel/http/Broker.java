package io.tidewheel.http;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.cluster.ClusterStatus;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Publisher;
import io.tidewheel.session.Sessions;
import io.tidewheel.subscription.ReceiptCodec;
import io.tidewheel.worker.Consumer;
import io.tidewheel.worker.Locator;
import io.tidewheel.worker.Redriver;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the routes need of the broker. Everything in it may be called from any thread.
 *
 * @param cluster what this node knows of the others
 * @param readiness whether this node can serve now
 * @param memberName of this node, as the others know it; null for a node alone
 * @param feeds for those who watch the backlog
 * @param nanoTime monotonic clock in nanoseconds
 */
public record Broker(
    CatalogClient catalog,
    Publisher publisher,
    Inspector inspector,
    Browser browser,
    Consumer consumer,
    Redriver redriver,
    Locator locator,
    ReceiptCodec receipts,
    PrometheusMeterRegistry metrics,
    Supplier<CompletionStage<ClusterStatus>> cluster,
    Readiness readiness,
    @Nullable String memberName,
    BacklogFeed.Parts feeds,
    Monitor monitor,
    Sessions sessions,
    Feedback feedback,
    InstantSource clock,
    LongSupplier nanoTime) {

  /**
   * Whether the node can serve.
   *
   * @param isReady asked for each request
   * @param detail why not, or what it does; asked only for people
   */
  public record Readiness(BooleanSupplier isReady, Supplier<String> detail) {}
}
