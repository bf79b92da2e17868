package io.tidewheel;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.tidewheel.catalog.Topic;
import io.tidewheel.journal.StoreTrouble;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Publisher;
import io.tidewheel.queue.QueueMeter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** What the queues of this node store, and how long that takes. */
final class QueueMetrics implements QueueMeter {
  private static final Duration[] BOUNDS = {
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(20),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(500),
    Duration.ofSeconds(2),
    Duration.ofSeconds(10)
  };
  private static final double[] BATCHES = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000};

  private final Counter published;
  private final Timer publishing;
  private final Timer persisting;
  private final Timer recovering;
  private final DistributionSummary batches;

  QueueMetrics(MeterRegistry registry, StoreTrouble trouble) {
    this.published =
        Counter.builder("tidewheel.messages.published")
            .description("Messages stored by the queues of this node")
            .register(registry);
    this.publishing =
        timer(registry, "tidewheel.publish.duration", "From a call to its answer, by HTTP");
    this.persisting =
        timer(registry, "tidewheel.persist.duration", "Of a batch, until it is stored and flushed");
    this.recovering =
        timer(
            registry,
            "tidewheel.queue.recovery",
            "Of a queue, until it knows where its log stands");
    this.batches =
        DistributionSummary.builder("tidewheel.batch.messages")
            .description("Messages that were stored together")
            .serviceLevelObjectives(BATCHES)
            .register(registry);
    FunctionCounter.builder("tidewheel.writer.conflicts", trouble, StoreTrouble::droppedRows)
        .description("Rows of a second writer that were dropped; none of them was confirmed")
        .register(registry);
  }

  private static Timer timer(MeterRegistry registry, String name, String description) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(BOUNDS)
        .register(registry);
  }

  @Override
  public void onStored(int messageCount, long nanos) {
    published.increment(messageCount);
    batches.record(messageCount);
    persisting.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void onLoaded(long nanos) {
    recovering.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** The same publisher, with its calls timed. */
  Publisher timed(Publisher publisher, LongSupplier nanoTime) {
    return new Publisher() {
      @Override
      public boolean hasRoom(long bytes, long arrivingBytes) {
        return publisher.hasRoom(bytes, arrivingBytes);
      }

      @Override
      public CompletionStage<List<PublishResult>> publish(
          Topic topic, List<Message> messages, Duration timeLeft) {
        long startedNanos = nanoTime.getAsLong();
        return publisher
            .publish(topic, messages, timeLeft)
            .whenComplete(
                (results, failure) ->
                    publishing.record(nanoTime.getAsLong() - startedNanos, TimeUnit.NANOSECONDS));
      }
    };
  }
}
