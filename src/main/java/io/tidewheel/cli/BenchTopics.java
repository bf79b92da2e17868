package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** The topics of a measurement and their subscriptions. */
final class BenchTopics {
  private final BrokerConnection connection;
  private final BenchOptions bench;
  private final List<String> topics;

  BenchTopics(BrokerConnection connection, BenchOptions bench, List<String> topics) {
    this.connection = connection;
    this.bench = bench;
    this.topics = topics;
  }

  /** Makes what is not there. */
  void create() throws InterruptedException {
    if (bench.mode == BenchOptions.Mode.empty) {
      return;
    }
    for (String topic : topics) {
      ObjectNode settings = Json.MAPPER.createObjectNode();
      if (bench.queueCount != null) {
        settings.put("queues", bench.queueCount);
      }
      connection.put(TopicCommand.path(topic), settings, null).orFail();
      if (bench.subscriptionsOpen() == 0) {
        continue;
      }
      for (String subscription : bench.subscriptions()) {
        String path = TopicCommand.path(topic) + "/subscriptions/" + subscription;
        connection.put(path, Json.MAPPER.createObjectNode(), null).orFail();
      }
    }
  }

  /** Deletes them with everything in them. */
  void delete() throws InterruptedException {
    if (bench.mode == BenchOptions.Mode.empty) {
      return;
    }
    for (String topic : topics) {
      connection.delete(TopicCommand.path(topic) + "?force=true").orFail();
    }
  }
}
