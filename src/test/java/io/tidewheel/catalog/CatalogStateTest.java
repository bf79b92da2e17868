package io.tidewheel.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.catalog.CatalogEvent.SubscriptionChanged;
import io.tidewheel.catalog.CatalogEvent.SubscriptionClosing;
import io.tidewheel.catalog.CatalogEvent.SubscriptionCreated;
import io.tidewheel.catalog.CatalogEvent.SubscriptionOpened;
import io.tidewheel.catalog.CatalogEvent.SubscriptionRemoved;
import io.tidewheel.catalog.CatalogEvent.TopicChanged;
import io.tidewheel.catalog.CatalogEvent.TopicCreated;
import io.tidewheel.catalog.CatalogEvent.TopicDeleting;
import io.tidewheel.catalog.CatalogEvent.TopicRemoved;
import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CatalogStateTest {
  private static final TopicSettings TWO_QUEUES = TopicSettings.defaults(2);
  private static final CatalogCodec CODEC = new CatalogCodec();

  private static CatalogState state(CatalogEvent... events) {
    CatalogState state = CatalogState.empty();
    for (CatalogEvent event : events) {
      state.apply(event);
    }
    return state;
  }

  private static TopicCreated topic(long uid, String name) {
    return new TopicCreated(uid, name, 1_000, TWO_QUEUES);
  }

  private static SubscriptionCreated subscription(long topicUid, long uid, String name) {
    return new SubscriptionCreated(
        topicUid,
        uid,
        name,
        2_000,
        SubscriptionSettings.DEFAULTS,
        Topic.StartPosition.TIME,
        1_500,
        false);
  }

  @Test
  void aTopicLivesFromItsCreationToItsDeletion() {
    CatalogState state = state(topic(1, "t"));
    Topic created = new Topic(1, "t", 1, 1_000, TWO_QUEUES, false, Map.of());
    assertThat(state.snapshot().topic("t")).isEqualTo(created);
    assertThat(state.snapshot().topic(1)).isEqualTo(created);

    state.apply(new TopicDeleting(1));
    assertThat(state.snapshot().topic("t")).isNull();
    assertThat(state.snapshot().topic(1)).isEqualTo(created.deleting());

    state.apply(new TopicRemoved(1));
    assertThat(state.snapshot().topics()).isEmpty();
    assertThat(state.snapshot().byUid()).isEmpty();
    assertThat(state.version()).isEqualTo(3);
    assertThat(state.nextUid()).isEqualTo(2);
  }

  @Test
  void aSubscriptionGoesThroughItsStages() {
    CatalogState state = state(topic(1, "t"), subscription(1, 2, "s"));
    assertThat(stageOf(state)).isEqualTo(Topic.Stage.OPENING);
    state.apply(new SubscriptionOpened(1, 2));
    assertThat(stageOf(state)).isEqualTo(Topic.Stage.OPEN);
    state.apply(new SubscriptionClosing(1, 2));
    assertThat(stageOf(state)).isEqualTo(Topic.Stage.CLOSING);
    state.apply(new SubscriptionRemoved(1, 2));
    assertThat(state.snapshot().topic(1).subscriptions()).isEmpty();
  }

  private static Topic.Stage stageOf(CatalogState state) {
    return state.snapshot().topic(1).subscription("s").stage();
  }

  @Test
  void eachChangeOfSettingsIsARevisionOfItsOwn() {
    TopicSettings other =
        TopicSettingsPatch.of(TWO_QUEUES, TWO_QUEUES, SettingsPatchTest.json("{'ttl':'1h'}"))
            .settings();
    SubscriptionSettings paused =
        SubscriptionSettingsPatch.of(
                SubscriptionSettings.DEFAULTS, SettingsPatchTest.json("{'paused':true}"))
            .settings();
    CatalogState state =
        state(
            topic(1, "t"),
            subscription(1, 2, "s"),
            new TopicChanged(1, other),
            new SubscriptionChanged(1, 2, paused));

    assertThat(state.snapshot().topic(1).revision()).isEqualTo(2);
    assertThat(state.snapshot().topic(1).settings()).isEqualTo(other);
    assertThat(state.snapshot().topic(1).subscription(2).revision()).isEqualTo(2);
    assertThat(state.snapshot().topic(1).subscription(2).settings()).isEqualTo(paused);
  }

  @Test
  void aCopyDoesNotSeeLaterChanges() {
    CatalogState state = state(topic(1, "t"));
    CatalogState copy = state.copy();
    state.apply(topic(2, "u"));
    assertThat(copy.snapshot().topics()).containsOnlyKeys("t");
    assertThat(copy.nextUid()).isEqualTo(2);
  }

  @Test
  void factsThatContradictWhatIsKnownAreRefused() {
    List<CatalogEvent> open =
        List.of(topic(1, "t"), subscription(1, 2, "s"), new SubscriptionOpened(1, 2));
    List<CatalogEvent> contradictions =
        List.of(
            topic(2, "u"),
            topic(4, "u"),
            topic(3, "t"),
            new TopicChanged(9, TWO_QUEUES),
            new TopicChanged(1, TopicSettings.defaults(3)),
            new TopicRemoved(1),
            new TopicDeleting(2),
            subscription(1, 2, "x"),
            subscription(1, 3, "s"),
            subscription(9, 3, "x"),
            new SubscriptionOpened(1, 2),
            new SubscriptionOpened(1, 3),
            new SubscriptionRemoved(1, 2));
    assertThat(contradictions)
        .allSatisfy(
            event -> {
              CatalogState state = state(open.toArray(CatalogEvent[]::new));
              assertThatThrownBy(() -> state.apply(event))
                  .isInstanceOf(IllegalStateException.class);
            });
  }

  @Test
  void eventsHaveTheseBytesForEver() {
    assertGolden(new TopicDeleting(300), "topic-deleting-1", "ac02");
    assertGolden(new TopicRemoved(1), "topic-removed-1", "01");
    assertGolden(
        new CatalogEvent.Several(List.of(new TopicRemoved(1), new SubscriptionOpened(1, 2))),
        "several-1",
        "02"
            + "0f746f7069632d72656d6f7665642d31"
            + "01"
            + "15737562736372697074696f6e2d6f70656e65642d31"
            + "0102");
    assertGolden(new SubscriptionOpened(1, 2), "subscription-opened-1", "0102");
    assertGolden(new SubscriptionClosing(1, 2), "subscription-closing-1", "0102");
    assertGolden(new SubscriptionRemoved(1, 2), "subscription-removed-1", "0102");
    assertGolden(
        topic(1, "t"),
        "topic-created-1",
        "01" + "0174" + "e807" + length(TOPIC_JSON) + hex(TOPIC_JSON));
    assertGolden(
        subscription(1, 2, "s"),
        "subscription-created-1",
        "01"
            + "02"
            + "0173"
            + "d00f"
            + length(SUBSCRIPTION_JSON)
            + hex(SUBSCRIPTION_JSON)
            + "02"
            + "dc0b"
            + "00");
    assertGolden(
        new TopicChanged(1, TWO_QUEUES),
        "topic-changed-1",
        "01" + length(TOPIC_JSON) + hex(TOPIC_JSON));
    assertGolden(
        new SubscriptionChanged(1, 2, SubscriptionSettings.DEFAULTS),
        "subscription-changed-1",
        "0102" + length(SUBSCRIPTION_JSON) + hex(SUBSCRIPTION_JSON));
  }

  private static final String TOPIC_JSON =
      "{\"queues\":2,\"retention\":{\"time\":\"24h\",\"bytes\":1073741824},"
          + "\"maxMessageBytes\":1048576,\"maxBacklogBytes\":10737418240,"
          + "\"dedup\":{\"window\":\"10m\",\"ids\":10000},\"ttl\":null}";

  private static final String SUBSCRIPTION_JSON =
      "{\"expiresAfter\":null,\"lease\":\"30s\",\"maxAttempts\":16,\"onDead\":\"pass\","
          + "\"backoff\":{\"min\":\"1s\",\"max\":\"5m\",\"factor\":2.0,\"jitter\":0.2},"
          + "\"order\":\"key\",\"delivery\":\"at-least-once\",\"rateLimit\":null,"
          + "\"maxInFlight\":10000,\"filter\":{},\"maxLag\":null,\"success\":{\"target\":0.9,"
          + "\"window\":\"10s\",\"minRate\":1.0},\"backends\":[],\"zone\":null,\"paused\":false}";

  private static String length(String text) {
    Encoder out = new Encoder(0);
    out.writeUnsigned(text.length());
    return HexFormat.of().formatHex(out.toByteArray());
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static void assertGolden(CatalogEvent event, String manifest, String hex) {
    Encoder out = new Encoder(0);
    CODEC.encode(event, out);
    assertThat(CODEC.manifest(event)).isEqualTo(manifest);
    assertThat(HexFormat.of().formatHex(out.toByteArray())).isEqualTo(hex);
    Decoder in = new Decoder(out.toByteArray());
    assertThat(CODEC.decode(manifest, in)).isEqualTo(event);
    in.expectEnd();
  }

  @Test
  void aSnapshotHasTheseBytesForEver() {
    CatalogState state =
        state(topic(1, "t"), subscription(1, 2, "s"), topic(3, "u"), new TopicDeleting(3));
    Encoder out = new Encoder(0);
    CODEC.encodeState(state, out);

    assertThat(HexFormat.of().formatHex(out.toByteArray()))
        .isEqualTo(
            "04"
                + "04"
                + "02"
                + length(TOPIC_JSON)
                + hex(TOPIC_JSON)
                + length(SUBSCRIPTION_JSON)
                + hex(SUBSCRIPTION_JSON)
                + "02"
                + "02"
                + "01"
                + "0174"
                + "01"
                + "e807"
                + "00"
                + "00"
                + "01"
                + "02"
                + "0173"
                + "01"
                + "d00f"
                + "01"
                + "02"
                + "dc0b"
                + "00"
                + "00"
                + "04"
                + "03"
                + "0175"
                + "01"
                + "e807"
                + "00"
                + "01"
                + "00");
  }

  @Test
  void aSnapshotThatIsCutOffIsRefused() {
    Encoder out = new Encoder(0);
    CODEC.encodeState(state(topic(1, "t"), subscription(1, 2, "s")), out);
    byte[] whole = out.toByteArray();
    for (int length = 0; length < whole.length; length++) {
      Decoder in = new Decoder(Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> CODEC.decodeState("state-1", in))
          .isInstanceOf(DecodingException.class);
    }
  }

  @Test
  void unknownManifestsAndSettingsAreRefused() {
    assertThatThrownBy(() -> CODEC.decode("topic-created-2", new Decoder(new byte[] {1})))
        .isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> CODEC.decodeState("state-2", new Decoder(new byte[] {1})))
        .isInstanceOf(DecodingException.class);
    Encoder out = new Encoder(0);
    out.writeUnsigned(1);
    out.writeText("{\"queues\":0}");
    assertThatThrownBy(() -> CODEC.decode("topic-changed-1", new Decoder(out.toByteArray())))
        .isInstanceOf(DecodingException.class)
        .hasMessageContaining("/queues");
  }
}
