package io.tidewheel.catalog;

import static io.tidewheel.catalog.SubscriptionSettings.DEFAULTS;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.SubscriptionSettings.Backoff;
import io.tidewheel.catalog.SubscriptionSettings.DeliveryMode;
import io.tidewheel.catalog.SubscriptionSettings.MaxLag;
import io.tidewheel.catalog.SubscriptionSettings.OnDead;
import io.tidewheel.catalog.SubscriptionSettings.Order;
import io.tidewheel.catalog.SubscriptionSettings.Success;
import io.tidewheel.config.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a subscription as someone wants them, like {@link TopicSettingsPatch}.
 *
 * @param settings what the subscription would have; usable only without errors
 * @param start where it shall begin; null if the patch does not say
 * @param errors everything that is wrong
 */
record SubscriptionSettingsPatch(
    SubscriptionSettings settings, @Nullable Start start, List<CatalogClient.FieldError> errors) {
  static final Map<String, OnDead> ON_DEAD =
      new TreeMap<>(Map.of("pass", OnDead.PASS, "park-key", OnDead.PARK_KEY));
  static final Map<String, Order> ORDER =
      new TreeMap<>(Map.of("key", Order.KEY, "none", Order.NONE));
  static final Map<String, DeliveryMode> DELIVERY =
      new TreeMap<>(
          Map.of(
              "at-least-once",
              DeliveryMode.AT_LEAST_ONCE,
              "at-most-once",
              DeliveryMode.AT_MOST_ONCE));
  static final Map<String, Boolean> THEN = new TreeMap<>(Map.of("block", false, "skip", true));

  private static final Duration SECOND = Duration.ofSeconds(1);

  /** A retry that waits longer would outlive what queues remember of it. */
  private static final Duration MAX_DELAY = Duration.ofHours(12);

  private static final double MIN_RATE = 0.001;
  private static final double MAX_RATE = 10_000_000;
  private static final int MAX_BACKENDS = 16;

  /**
   * Where a subscription begins.
   *
   * @param atMillis only for a start at a time
   */
  record Start(Topic.StartPosition position, long atMillis) {
    static final Start EARLIEST = new Start(Topic.StartPosition.EARLIEST, 0);
    static final Start LATEST = new Start(Topic.StartPosition.LATEST, 0);

    static Start parse(JsonNode value) {
      String text = value.isTextual() ? value.textValue() : "";
      if (text.equals("earliest")) {
        return EARLIEST;
      }
      if (text.equals("latest")) {
        return LATEST;
      }
      if (FieldParsers.isTime(text)) {
        return new Start(Topic.StartPosition.TIME, FieldParsers.timeMillis(text));
      }
      throw FieldParsers.refusal(
          "\"earliest\", \"latest\" or a time like \"2031-05-17T08:30:00Z\"", value);
    }
  }

  static SubscriptionSettingsPatch of(SubscriptionSettings current, ObjectNode patch) {
    FieldReader fields = FieldReader.of(patch);
    SubscriptionSettings settings =
        new SubscriptionSettings(
            fields.readNullable(
                "expiresAfter",
                current.expiresAfter(),
                FieldParsers.duration(SECOND, Duration.ofDays(3_650))),
            fields.read(
                "lease",
                current.lease(),
                DEFAULTS.lease(),
                FieldParsers.duration(SECOND, Duration.ofHours(12))),
            fields.read(
                "maxAttempts",
                current.maxAttempts(),
                DEFAULTS.maxAttempts(),
                FieldParsers.whole(1, 1_000)),
            fields.read("onDead", current.onDead(), DEFAULTS.onDead(), FieldParsers.word(ON_DEAD)),
            backoff(current.backoff(), fields.object("backoff")),
            fields.read("order", current.order(), DEFAULTS.order(), FieldParsers.word(ORDER)),
            fields.read(
                "delivery", current.delivery(), DEFAULTS.delivery(), FieldParsers.word(DELIVERY)),
            fields.readNullable(
                "rateLimit", current.rateLimit(), FieldParsers.number(MIN_RATE, MAX_RATE)),
            fields.read(
                "maxInFlight",
                current.maxInFlight(),
                DEFAULTS.maxInFlight(),
                FieldParsers.whole(1, 100_000)),
            fields.read("filter", current.filter(), DEFAULTS.filter(), FilterJson::parse),
            maxLag(current.maxLag(), fields.object("maxLag")),
            success(current.success(), fields.object("success")),
            fields.read(
                "backends",
                current.backends(),
                DEFAULTS.backends(),
                FieldParsers.names(MAX_BACKENDS)),
            fields.readNullable("zone", current.zone(), FieldParsers.name()),
            fields.read("paused", current.isPaused(), false, FieldParsers.flag()));
    Start start = fields.readNullable("start", null, Start::parse);
    return new SubscriptionSettingsPatch(settings, start, fields.finish());
  }

  private static Backoff backoff(Backoff current, FieldReader fields) {
    Backoff byDefault = DEFAULTS.backoff();
    Backoff backoff =
        new Backoff(
            fields.read(
                "min",
                current.min(),
                byDefault.min(),
                FieldParsers.duration(Duration.ZERO, MAX_DELAY)),
            fields.read(
                "max",
                current.max(),
                byDefault.max(),
                FieldParsers.duration(Duration.ZERO, MAX_DELAY)),
            fields.read(
                "factor", current.factor(), byDefault.factor(), FieldParsers.number(1, 100)),
            fields.read("jitter", current.jitter(), byDefault.jitter(), FieldParsers.number(0, 1)));
    if (backoff.min().compareTo(backoff.max()) > 0) {
      fields.error(
          "max",
          "expected at least min, which is "
              + Durations.format(backoff.min())
              + ", but got "
              + Durations.format(backoff.max()));
    }
    return backoff;
  }

  private static @Nullable MaxLag maxLag(@Nullable MaxLag current, FieldReader fields) {
    MaxLag before = current == null ? new MaxLag(null, null, false) : current;
    MaxLag maxLag =
        new MaxLag(
            fields.readNullable("bytes", before.bytes(), FieldParsers.wholeLong(1, Long.MAX_VALUE)),
            fields.readNullable(
                "messages", before.messages(), FieldParsers.wholeLong(1, Long.MAX_VALUE)),
            fields.read("then", before.isSkipping(), false, FieldParsers.word(THEN)));
    boolean isUnbounded = maxLag.bytes() == null && maxLag.messages() == null;
    if (isUnbounded && !fields.isReset() && (current != null || fields.isGiven())) {
      fields.error("", "expected bytes or messages, or null for no bound");
    }
    return isUnbounded ? null : maxLag;
  }

  private static Success success(Success current, FieldReader fields) {
    Success byDefault = DEFAULTS.success();
    return new Success(
        fields.read("target", current.target(), byDefault.target(), FieldParsers.number(0, 1)),
        fields.read(
            "window",
            current.window(),
            byDefault.window(),
            FieldParsers.duration(SECOND, Duration.ofHours(1))),
        fields.read(
            "minRate",
            current.minRate(),
            byDefault.minRate(),
            FieldParsers.number(MIN_RATE, MAX_RATE)));
  }
}
