package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.SettingsJson;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.EnumNames;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Reader;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Topics and subscriptions as resources, with the figures of their queues. */
final class ResourceWriter {
  private ResourceWriter() {}

  /**
   * A topic.
   *
   * @param statuses of the queues that answered
   */
  static ObjectNode topic(Topic topic, List<Inspector.QueueStatus> statuses) {
    ObjectNode node = head(topic);
    node.set("settings", SettingsJson.of(topic.settings()));
    node.put("backlog", backlog(statuses));
    unreachable(node, topic, statuses);
    ArrayNode queues = node.putArray("queues");
    for (Inspector.QueueStatus status : statuses) {
      ObjectNode queue = queues.addObject();
      queue.put("queue", status.queue());
      queue.put("node", status.node());
      queue.put("startOffset", status.startOffset());
      queue.put("nextOffset", status.nextOffset());
      queue.put("bytes", status.bytes());
      queue.put("backlog", backlog(List.of(status)));
      queue.put("pinnedBy", nameOf(topic, status.pinnedBy()));
      queue.put("pinnedBytes", status.pinnedBytes());
    }
    ArrayNode subscriptions = node.putArray("subscriptions");
    for (Topic.Subscription subscription : topic.subscriptions().values()) {
      ObjectNode entry = subscriptions.addObject();
      entry.put("name", subscription.name());
      entry.put("stage", EnumNames.dashed(subscription.stage()));
      entry.put("paused", subscription.settings().isPaused());
      figures(entry, Figures.of(subscription, statuses));
    }
    return node;
  }

  /** A topic in a list. */
  static ObjectNode topicRow(Topic topic, List<Inspector.QueueStatus> statuses) {
    ObjectNode node = head(topic);
    node.put("queues", topic.settings().queues());
    node.put("backlog", backlog(statuses));
    node.put("bytes", statuses.stream().mapToLong(Inspector.QueueStatus::bytes).sum());
    unreachable(node, topic, statuses);
    ArrayNode subscriptions = node.putArray("subscriptions");
    topic.subscriptions().keySet().forEach(subscriptions::add);
    return node;
  }

  static ObjectNode subscription(
      Topic topic, Topic.Subscription subscription, List<Inspector.QueueStatus> statuses) {
    ObjectNode node = Json.newObject();
    node.put("topic", topic.name());
    node.put("name", subscription.name());
    node.put("revision", subscription.revision());
    node.put("createdAt", time(subscription.createdAtMillis()));
    node.put("stage", EnumNames.dashed(subscription.stage()));
    node.put("paused", subscription.settings().isPaused());
    node.put(
        "startsAt",
        subscription.start() == Topic.StartPosition.TIME
            ? time(subscription.startsAtMillis())
            : EnumNames.dashed(subscription.start()));
    node.set("settings", SettingsJson.of(subscription));
    figures(node, Figures.of(subscription, statuses));
    unreachable(node, topic, statuses);
    ArrayNode queues = node.putArray("queues");
    for (Inspector.QueueStatus status : statuses) {
      for (Reader.Status reader : status.readers()) {
        if (reader.subscriptionUid() == subscription.uid()) {
          ObjectNode queue = queues.addObject();
          queue.put("queue", status.queue());
          queue.put("node", status.node());
          queue.put("startOffset", reader.startOffset());
          queue.put("floor", reader.floor());
          queue.put("nextOffset", status.nextOffset());
          queue.put("generation", reader.generation());
          queue.put("backlog", reader.backlog());
          queue.put("waiting", reader.waiting());
          queue.put("leased", reader.leased());
          queue.put("dispatchable", reader.dispatchable());
          queue.put("acked", reader.ackedCount());
          queue.put("filtered", reader.filteredCount());
          queue.put("skipped", reader.skippedCount());
          queue.put("parked", reader.parked());
          queue.put("stopReason", reader.stopReason());
        }
      }
    }
    return node;
  }

  /** Sums over the queues of a subscription. */
  private record Figures(
      long backlog,
      long waiting,
      long leased,
      long dispatchable,
      long lag,
      long acked,
      long dead,
      long deadPending,
      long oldestAtMillis) {

    static Figures of(Topic.Subscription subscription, List<Inspector.QueueStatus> statuses) {
      Figures sum = new Figures(0, 0, 0, 0, 0, 0, 0, 0, 0);
      for (Inspector.QueueStatus status : statuses) {
        for (Reader.Status reader : status.readers()) {
          if (reader.subscriptionUid() == subscription.uid()) {
            sum = sum.plus(reader, status.nextOffset());
          }
        }
      }
      return sum;
    }

    private Figures plus(Reader.Status reader, long nextOffset) {
      long oldest =
          oldestAtMillis == 0 || reader.oldestAtMillis() == 0
              ? Math.max(oldestAtMillis, reader.oldestAtMillis())
              : Math.min(oldestAtMillis, reader.oldestAtMillis());
      return new Figures(
          backlog + reader.backlog(),
          waiting + reader.waiting(),
          leased + reader.leased(),
          dispatchable + reader.dispatchable(),
          lag + Math.max(0, nextOffset - reader.floor()),
          acked + reader.ackedCount(),
          dead + reader.deadCount(),
          deadPending + reader.deadPending(),
          oldest);
    }
  }

  private static void figures(ObjectNode node, Figures figures) {
    node.put("backlog", figures.backlog());
    node.put("waiting", figures.waiting());
    node.put("leased", figures.leased());
    node.put("dispatchable", figures.dispatchable());
    node.put("lag", figures.lag());
    node.put("acked", figures.acked());
    node.put("deadLetters", figures.dead());
    node.put("deadLettersPending", figures.deadPending());
    if (figures.oldestAtMillis() == 0) {
      node.putNull("oldestAt");
    } else {
      node.put("oldestAt", time(figures.oldestAtMillis()));
    }
  }

  private static ObjectNode head(Topic topic) {
    ObjectNode node = Json.newObject();
    node.put("name", topic.name());
    node.put("revision", topic.revision());
    node.put("createdAt", time(topic.createdAtMillis()));
    return node;
  }

  /** Figures without the queues that did not answer are not the whole truth: say so. */
  static void unreachable(ObjectNode node, Topic topic, List<Inspector.QueueStatus> statuses) {
    int missing = topic.settings().queues() - statuses.size();
    if (missing > 0) {
      node.put("queuesUnreachable", missing);
    }
  }

  private static long backlog(List<Inspector.QueueStatus> statuses) {
    return statuses.stream()
        .flatMap(status -> status.readers().stream())
        .mapToLong(Reader.Status::backlog)
        .sum();
  }

  private static @Nullable String nameOf(Topic topic, long uid) {
    return topic.subscriptions().values().stream()
        .filter(subscription -> subscription.uid() == uid)
        .map(Topic.Subscription::name)
        .findFirst()
        .orElse(null);
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
