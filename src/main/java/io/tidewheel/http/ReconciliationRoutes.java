package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.tidewheel.catalog.Topic;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Reader;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/** Whether every message of a topic is in exactly one place. */
final class ReconciliationRoutes {
  private final Inspector inspector;
  private final Lookup lookup;
  private final Counter looks;
  private final AtomicLong largestDifference = new AtomicLong();

  ReconciliationRoutes(Broker broker, Lookup lookup) {
    this.inspector = broker.inspector();
    this.lookup = lookup;
    this.looks =
        Counter.builder("tidewheel.reconciliation.looks")
            .description("how often the messages of a topic were counted")
            .register(broker.metrics());
    Gauge.builder("tidewheel.reconciliation.difference.largest", largestDifference, AtomicLong::get)
        .description("largest number of messages that a count since the start did not find")
        .register(broker.metrics());
  }

  CompletionStage<Answer> get(Call call) {
    return lookup
        .topic(call)
        .thenCompose(
            topic ->
                TopicRoutes.inspect(inspector, topic, call)
                    .thenApply(statuses -> Answer.of(Responses.json(200, body(topic, statuses)))));
  }

  private ObjectNode body(Topic topic, List<Inspector.QueueStatus> statuses) {
    ObjectNode body = Json.newObject();
    body.put("topic", topic.name());
    long difference = 0;
    ArrayNode queues = Json.newObject().putArray("queues");
    for (Inspector.QueueStatus status : statuses) {
      ObjectNode queue = queues.addObject();
      queue.put("queue", status.queue());
      queue.put("startOffset", status.startOffset());
      queue.put("nextOffset", status.nextOffset());
      queue.put("checksum", String.format("%016x", status.checksum()));
      ArrayNode subscriptions = queue.putArray("subscriptions");
      for (Reader.Status reader : status.readers()) {
        Topic.Subscription subscription = topic.subscription(reader.subscriptionUid());
        if (subscription != null) {
          write(subscriptions.addObject().put("subscription", subscription.name()), reader);
          difference += Math.abs(reader.reconciliation().difference());
        }
      }
    }
    looks.increment();
    largestDifference.accumulateAndGet(difference, Math::max);
    body.put("difference", difference);
    ResourceWriter.unreachable(body, topic, statuses);
    body.set("queues", queues);
    return body;
  }

  private static void write(ObjectNode node, Reader.Status reader) {
    Reader.Reconciliation counts = reader.reconciliation();
    node.put("counted", !counts.equals(Reader.Reconciliation.UNKNOWN));
    node.put("generation", reader.generation());
    node.put("startOffset", reader.startOffset());
    node.put("floor", reader.floor());
    node.put("total", counts.total());
    node.put("acked", counts.acked());
    node.put("dead", counts.dead());
    node.put("filtered", counts.filtered());
    node.put("skipped", counts.skipped());
    node.put("waiting", counts.waiting());
    node.put("dispatchable", counts.dispatchable());
    node.put("unread", counts.unread());
    node.put("leased", counts.leased());
    node.put("difference", counts.difference());
  }
}
