package io.tidewheel.subscription;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A catalog of one topic with one subscription. */
final class MemoryCatalog implements CatalogClient {
  private String topicName = "orders";
  private @Nullable Duration ttl;
  private SubscriptionSettings settings = SubscriptionSettings.DEFAULTS;
  private volatile CatalogSnapshot snapshot = snapshot(1);

  void change(UnaryOperator<SubscriptionSettings> change) {
    settings = change.apply(settings);
    snapshot = snapshot(snapshot.version() + 1);
  }

  void ttl(Duration newTtl) {
    ttl = newTtl;
    snapshot = snapshot(snapshot.version() + 1);
  }

  void rename(String name) {
    topicName = name;
    snapshot = snapshot(snapshot.version() + 1);
  }

  private CatalogSnapshot snapshot(long version) {
    Topic.Subscription subscription =
        new Topic.Subscription(
            Fixture.UID,
            "billing",
            1,
            0,
            settings,
            Topic.StartPosition.EARLIEST,
            0,
            Topic.Stage.OPEN,
            false);
    TreeMap<String, Topic> topics = new TreeMap<>();
    topics.put(
        topicName,
        new Topic(
            Fixture.TOPIC,
            topicName,
            1,
            0,
            topicSettings(),
            false,
            Map.of("billing", subscription)));
    return CatalogSnapshot.of(version, topics);
  }

  private TopicSettings topicSettings() {
    TopicSettings s = TopicSettings.defaults(4);
    return new TopicSettings(
        s.queues(),
        s.retentionTime(),
        s.retentionBytes(),
        s.maxMessageBytes(),
        s.maxBacklogBytes(),
        s.dedupWindow(),
        s.dedupIds(),
        ttl);
  }

  @Override
  public CatalogSnapshot current() {
    return snapshot;
  }

  @Override
  public CompletionStage<Reply> ensureDeadLetterTopic(
      String topic, String subscription, Duration timeout) {
    Topic made =
        new Topic(99, topic + "~" + subscription, 1, 0, TopicSettings.defaults(1), false, Map.of());
    return CompletableFuture.completedFuture(new Existing(made, null));
  }

  @Override
  public CompletionStage<CatalogSnapshot> refresh(Duration timeout) {
    return CompletableFuture.completedFuture(snapshot);
  }

  @Override
  public CompletionStage<Reply> putTopic(
      String topic, ObjectNode patch, @Nullable Long ifRevision, Duration timeout) {
    return notHere(topic);
  }

  @Override
  public CompletionStage<Reply> ensureTopic(String topic, Duration timeout) {
    return notHere(topic);
  }

  @Override
  public CompletionStage<Reply> deleteTopic(
      String topic, @Nullable Long ifRevision, Duration timeout) {
    return notHere(topic);
  }

  @Override
  public CompletionStage<Reply> putSubscription(
      String topic,
      String subscription,
      ObjectNode patch,
      @Nullable Long ifRevision,
      Duration timeout) {
    return notHere(topic);
  }

  @Override
  public CompletionStage<Reply> ensureSubscription(
      String topic, String subscription, Duration timeout) {
    return notHere(topic);
  }

  @Override
  public CompletionStage<Reply> deleteSubscription(
      String topic, String subscription, @Nullable Long ifRevision, Duration timeout) {
    return notHere(topic);
  }

  @Override
  public CompletionStage<Reply> expireSubscription(
      Topic topic, Topic.Subscription subscription, Duration timeout) {
    return notHere(topic.name());
  }

  private static CompletionStage<Reply> notHere(String what) {
    return CompletableFuture.completedFuture(new NotFound(what));
  }
}
