package io.tidewheel.http;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Publisher;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.worker.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the routes need of the broker. Everything in it may be called from any thread.
 *
 * @param readiness whether this node can serve now
 * @param nanoTime monotonic clock in nanoseconds
 */
public record Broker(
    CatalogClient catalog,
    Publisher publisher,
    Inspector inspector,
    Consumer consumer,
    ReceiptText receipts,
    PrometheusMeterRegistry metrics,
    Supplier<Readiness> readiness,
    LongSupplier nanoTime) {

  /** Receipts as clients see them. */
  public interface ReceiptText {
    String encode(Receipt receipt);

    /** Null for a text that is no receipt of this broker. */
    @Nullable Receipt decode(String text);
  }

  /**
   * Whether the node can serve.
   *
   * @param detail why not, or what it does
   */
  public record Readiness(boolean isReady, String detail) {}
}
