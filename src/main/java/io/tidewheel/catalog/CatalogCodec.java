package io.tidewheel.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.journal.LogCodec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The binary form of the catalog. Settings are stored as their JSON text, so a new setting changes
 * no form; in a snapshot each text is stored once, because most topics share a few.
 */
public final class CatalogCodec implements LogCodec<CatalogEvent, CatalogState> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String STATE = "state-1";
  private static final String SEVERAL = "several-1";

  /** For the codecs named in {@code tidewheel.journal.codecs}. */
  public CatalogCodec() {}

  @Override
  public String family() {
    return "catalog";
  }

  @Override
  public Class<CatalogEvent> eventType() {
    return CatalogEvent.class;
  }

  @Override
  public Class<CatalogState> stateType() {
    return CatalogState.class;
  }

  @Override
  public String manifest(CatalogEvent event) {
    if (event instanceof CatalogEvent.Several) {
      return SEVERAL;
    }
    if (event instanceof CatalogEvent.TopicCreated) {
      return "topic-created-1";
    }
    if (event instanceof CatalogEvent.TopicChanged) {
      return "topic-changed-1";
    }
    if (event instanceof CatalogEvent.TopicDeleting) {
      return "topic-deleting-1";
    }
    if (event instanceof CatalogEvent.TopicRemoved) {
      return "topic-removed-1";
    }
    if (event instanceof CatalogEvent.SubscriptionCreated) {
      return "subscription-created-1";
    }
    if (event instanceof CatalogEvent.SubscriptionChanged) {
      return "subscription-changed-1";
    }
    if (event instanceof CatalogEvent.SubscriptionOpened) {
      return "subscription-opened-1";
    }
    return event instanceof CatalogEvent.SubscriptionClosing
        ? "subscription-closing-1"
        : "subscription-removed-1";
  }

  @Override
  public void encode(CatalogEvent event, Encoder out) {
    if (event instanceof CatalogEvent.Several several) {
      out.writeUnsigned(several.events().size());
      for (CatalogEvent each : several.events()) {
        out.writeText(manifest(each));
        encode(each, out);
      }
      return;
    }
    out.writeUnsigned(event.topicUid());
    if (event.subscriptionUid() != 0) {
      out.writeUnsigned(event.subscriptionUid());
    }
    if (event instanceof CatalogEvent.TopicCreated created) {
      out.writeText(created.name());
      out.writeUnsigned(created.atMillis());
      out.writeText(text(created.settings()));
    } else if (event instanceof CatalogEvent.TopicChanged changed) {
      out.writeText(text(changed.settings()));
    } else if (event instanceof CatalogEvent.SubscriptionCreated created) {
      out.writeText(created.name());
      out.writeUnsigned(created.atMillis());
      out.writeText(text(created.settings()));
      out.writeByte(code(created.start()));
      out.writeUnsigned(created.startsAtMillis());
      out.writeByte(created.isBuiltIn() ? 1 : 0);
    } else if (event instanceof CatalogEvent.SubscriptionChanged changed) {
      out.writeText(text(changed.settings()));
    }
  }

  @Override
  public CatalogEvent decode(String manifest, Decoder in) {
    return manifest.equals(SEVERAL) ? decodeSeveral(in) : decodeOne(manifest, in);
  }

  private static CatalogEvent decodeSeveral(Decoder in) {
    List<CatalogEvent> events = new ArrayList<>();
    for (int count = in.readSize(); count > 0; count--) {
      events.add(decodeOne(in.readText(), in));
    }
    if (events.size() < 2) {
      throw new DecodingException("several changes that are " + events.size());
    }
    return new CatalogEvent.Several(List.copyOf(events));
  }

  private static CatalogEvent decodeOne(String manifest, Decoder in) {
    long topicUid = in.readUnsigned();
    return switch (manifest) {
      case "topic-created-1" ->
          new CatalogEvent.TopicCreated(
              topicUid, in.readText(), in.readUnsigned(), topicSettings(in.readText()));
      case "topic-changed-1" ->
          new CatalogEvent.TopicChanged(topicUid, topicSettings(in.readText()));
      case "topic-deleting-1" -> new CatalogEvent.TopicDeleting(topicUid);
      case "topic-removed-1" -> new CatalogEvent.TopicRemoved(topicUid);
      case "subscription-created-1" ->
          new CatalogEvent.SubscriptionCreated(
              topicUid,
              in.readUnsigned(),
              in.readText(),
              in.readUnsigned(),
              subscriptionSettings(in.readText()),
              position(in.readByte()),
              in.readUnsigned(),
              in.readByte() != 0);
      case "subscription-changed-1" ->
          new CatalogEvent.SubscriptionChanged(
              topicUid, in.readUnsigned(), subscriptionSettings(in.readText()));
      case "subscription-opened-1" ->
          new CatalogEvent.SubscriptionOpened(topicUid, in.readUnsigned());
      case "subscription-closing-1" ->
          new CatalogEvent.SubscriptionClosing(topicUid, in.readUnsigned());
      case "subscription-removed-1" ->
          new CatalogEvent.SubscriptionRemoved(topicUid, in.readUnsigned());
      default -> throw new DecodingException("unknown manifest catalog/" + manifest);
    };
  }

  @Override
  public String stateManifest() {
    return STATE;
  }

  @Override
  public void encodeState(CatalogState state, Encoder out) {
    Map<Object, Integer> indexes = new HashMap<>();
    List<String> texts = new ArrayList<>();
    for (Topic topic : state.snapshot().topics().values()) {
      if (indexes.putIfAbsent(topic.settings(), texts.size()) == null) {
        texts.add(text(topic.settings()));
      }
      for (Topic.Subscription subscription : topic.subscriptions().values()) {
        if (indexes.putIfAbsent(subscription.settings(), texts.size()) == null) {
          texts.add(text(subscription.settings()));
        }
      }
    }
    out.writeUnsigned(state.version());
    out.writeUnsigned(state.nextUid());
    out.writeUnsigned(texts.size());
    texts.forEach(out::writeText);
    out.writeUnsigned(state.snapshot().topics().size());
    for (Topic topic : state.snapshot().topics().values()) {
      out.writeUnsigned(state.changedAt(topic.uid()));
      out.writeUnsigned(topic.uid());
      out.writeText(topic.name());
      out.writeUnsigned(topic.revision());
      out.writeUnsigned(topic.createdAtMillis());
      out.writeUnsigned(indexes.getOrDefault(topic.settings(), 0));
      out.writeByte(topic.isDeleting() ? 1 : 0);
      out.writeUnsigned(topic.subscriptions().size());
      for (Topic.Subscription subscription : topic.subscriptions().values()) {
        encode(subscription, indexes, out);
      }
    }
  }

  private static void encode(
      Topic.Subscription subscription, Map<Object, Integer> indexes, Encoder out) {
    out.writeUnsigned(subscription.uid());
    out.writeText(subscription.name());
    out.writeUnsigned(subscription.revision());
    out.writeUnsigned(subscription.createdAtMillis());
    out.writeUnsigned(indexes.getOrDefault(subscription.settings(), 0));
    out.writeByte(code(subscription.start()));
    out.writeUnsigned(subscription.startsAtMillis());
    out.writeByte(code(subscription.stage()));
    out.writeByte(subscription.isBuiltIn() ? 1 : 0);
  }

  @Override
  public CatalogState decodeState(String manifest, Decoder in) {
    if (!manifest.equals(STATE)) {
      throw new DecodingException("unknown manifest catalog/" + manifest);
    }
    CatalogState state = CatalogState.ofSnapshot(in.readUnsigned(), in.readUnsigned());
    SettingsTable table = SettingsTable.read(in);
    int topicCount = in.readSize();
    for (int i = 0; i < topicCount; i++) {
      long changedAtVersion = in.readUnsigned();
      try {
        state.restore(readTopic(table, in), changedAtVersion);
      } catch (IllegalStateException e) {
        throw new DecodingException(String.valueOf(e.getMessage()));
      }
    }
    return state;
  }

  private static Topic readTopic(SettingsTable table, Decoder in) {
    long uid = in.readUnsigned();
    String name = in.readText();
    long revision = in.readUnsigned();
    long createdAtMillis = in.readUnsigned();
    TopicSettings settings = table.topic(in.readCount());
    boolean isDeleting = in.readByte() != 0;
    int count = in.readSize();
    Map<String, Topic.Subscription> subscriptions = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      Topic.Subscription subscription =
          new Topic.Subscription(
              in.readUnsigned(),
              in.readText(),
              in.readUnsigned(),
              in.readUnsigned(),
              table.subscription(in.readCount()),
              position(in.readByte()),
              in.readUnsigned(),
              stage(in.readByte()),
              in.readByte() != 0);
      subscriptions.put(subscription.name(), subscription);
    }
    return new Topic(
        uid,
        name,
        revision,
        createdAtMillis,
        settings,
        isDeleting,
        Collections.unmodifiableMap(subscriptions));
  }

  /** The texts of a snapshot, each parsed once, so that equal settings are one object. */
  private record SettingsTable(
      List<String> texts,
      Map<Integer, TopicSettings> topics,
      Map<Integer, SubscriptionSettings> subscriptions) {
    static SettingsTable read(Decoder in) {
      int count = in.readSize();
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        texts.add(in.readText());
      }
      return new SettingsTable(texts, new TreeMap<>(), new TreeMap<>());
    }

    TopicSettings topic(int index) {
      return topics.computeIfAbsent(index, i -> topicSettings(textAt(i)));
    }

    SubscriptionSettings subscription(int index) {
      return subscriptions.computeIfAbsent(index, i -> subscriptionSettings(textAt(i)));
    }

    private String textAt(int index) {
      if (index >= texts.size()) {
        throw new DecodingException("settings " + index + " of " + texts.size());
      }
      return texts.get(index);
    }
  }

  private static String text(TopicSettings settings) {
    return SettingsJson.of(settings).toString();
  }

  private static String text(SubscriptionSettings settings) {
    return SettingsJson.of(settings).toString();
  }

  private static TopicSettings topicSettings(String text) {
    TopicSettings defaults = TopicSettings.defaults(1);
    TopicSettingsPatch patch = TopicSettingsPatch.of(defaults, defaults, object(text));
    requireNone(patch.errors());
    return patch.settings();
  }

  private static SubscriptionSettings subscriptionSettings(String text) {
    SubscriptionSettingsPatch patch =
        SubscriptionSettingsPatch.of(SubscriptionSettings.DEFAULTS, object(text));
    requireNone(patch.errors());
    return patch.settings();
  }

  private static void requireNone(List<CatalogClient.FieldError> errors) {
    if (!errors.isEmpty()) {
      throw new DecodingException(
          "stored settings: " + errors.get(0).pointer() + ": " + errors.get(0).detail());
    }
  }

  private static ObjectNode object(String text) {
    try {
      JsonNode node = JSON.readTree(text);
      if (node instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw new DecodingException("stored settings: " + e.getOriginalMessage());
    }
    throw new DecodingException("stored settings: expected an object");
  }

  private static int code(Topic.StartPosition position) {
    return switch (position) {
      case EARLIEST -> 0;
      case LATEST -> 1;
      case TIME -> 2;
    };
  }

  private static Topic.StartPosition position(int code) {
    return switch (code) {
      case 0 -> Topic.StartPosition.EARLIEST;
      case 1 -> Topic.StartPosition.LATEST;
      case 2 -> Topic.StartPosition.TIME;
      default -> throw new DecodingException("unknown start " + code);
    };
  }

  private static int code(Topic.Stage stage) {
    return switch (stage) {
      case OPENING -> 0;
      case OPEN -> 1;
      case CLOSING -> 2;
    };
  }

  private static Topic.Stage stage(int code) {
    return switch (code) {
      case 0 -> Topic.Stage.OPENING;
      case 1 -> Topic.Stage.OPEN;
      case 2 -> Topic.Stage.CLOSING;
      default -> throw new DecodingException("unknown stage " + code);
    };
  }
}
