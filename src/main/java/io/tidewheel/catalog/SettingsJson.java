package io.tidewheel.catalog;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.SubscriptionSettings.Backoff;
import io.tidewheel.catalog.SubscriptionSettings.MaxLag;
import io.tidewheel.catalog.SubscriptionSettings.Success;
import io.tidewheel.config.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/**
 * Settings as users see them. What is written here can be sent back as a patch and then changes
 * nothing; a setting without a value is {@code null}.
 */
public final class SettingsJson {
  private SettingsJson() {}

  public static ObjectNode of(TopicSettings settings) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("queues", settings.queues());
    node.putObject("retention")
        .put("time", Durations.format(settings.retentionTime()))
        .put("bytes", settings.retentionBytes());
    node.put("maxMessageBytes", settings.maxMessageBytes());
    node.put("maxBacklogBytes", settings.maxBacklogBytes());
    node.putObject("dedup")
        .put("window", Durations.format(settings.dedupWindow()))
        .put("ids", settings.dedupIds());
    put(node, "ttl", settings.ttl());
    return node;
  }

  /** The settings of a subscription with its {@code start}, which is fixed at creation. */
  public static ObjectNode of(Topic.Subscription subscription) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("start", start(subscription));
    node.setAll(of(subscription.settings()));
    return node;
  }

  public static ObjectNode of(SubscriptionSettings settings) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    put(node, "expiresAfter", settings.expiresAfter());
    node.put("lease", Durations.format(settings.lease()));
    node.put("maxAttempts", settings.maxAttempts());
    node.put("onDead", word(SubscriptionSettingsPatch.ON_DEAD, settings.onDead()));
    Backoff backoff = settings.backoff();
    node.putObject("backoff")
        .put("min", Durations.format(backoff.min()))
        .put("max", Durations.format(backoff.max()))
        .put("factor", backoff.factor())
        .put("jitter", backoff.jitter());
    node.put("order", word(SubscriptionSettingsPatch.ORDER, settings.order()));
    node.put("delivery", word(SubscriptionSettingsPatch.DELIVERY, settings.delivery()));
    node.put("rateLimit", settings.rateLimit());
    node.put("maxInFlight", settings.maxInFlight());
    node.set("filter", FilterJson.write(settings.filter()));
    put(node, settings.maxLag());
    Success success = settings.success();
    node.putObject("success")
        .put("target", success.target())
        .put("window", Durations.format(success.window()))
        .put("minRate", success.minRate());
    settings.backends().forEach(node.putArray("backends")::add);
    node.put("zone", settings.zone());
    node.put("paused", settings.isPaused());
    return node;
  }

  private static void put(ObjectNode node, @Nullable MaxLag maxLag) {
    if (maxLag == null) {
      node.putNull("maxLag");
      return;
    }
    node.putObject("maxLag")
        .put("bytes", maxLag.bytes())
        .put("messages", maxLag.messages())
        .put("then", word(SubscriptionSettingsPatch.THEN, maxLag.isSkipping()));
  }

  private static void put(ObjectNode node, String name, @Nullable Duration duration) {
    node.put(name, duration == null ? null : Durations.format(duration));
  }

  private static String start(Topic.Subscription subscription) {
    return switch (subscription.start()) {
      case EARLIEST -> "earliest";
      case LATEST -> "latest";
      case TIME -> Instant.ofEpochMilli(subscription.startsAtMillis()).toString();
    };
  }

  private static <T> String word(Map<String, T> words, T meaning) {
    return words.entrySet().stream()
        .filter(entry -> entry.getValue().equals(meaning))
        .map(Entry::getKey)
        .findFirst()
        .orElseThrow();
  }
}
