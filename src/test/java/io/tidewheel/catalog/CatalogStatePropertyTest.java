package io.tidewheel.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.Encoder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class CatalogStatePropertyTest {
  private static final TopicSettings SETTINGS = TopicSettings.defaults(1);

  /** Any event that is legal now, from few names, so that names come back often. */
  private static CatalogEvent legalEvent(CatalogState state, Random random) {
    List<CatalogEvent> legal = new ArrayList<>();
    String name = "t" + random.nextInt(5);
    if (!state.snapshot().topics().containsKey(name)) {
      legal.add(new CatalogEvent.TopicCreated(state.nextUid(), name, 7, SETTINGS));
    }
    for (Topic topic : state.snapshot().topics().values()) {
      if (topic.isDeleting()) {
        legal.add(new CatalogEvent.TopicRemoved(topic.uid()));
      } else {
        addLegalEvents(state, topic, "s" + random.nextInt(3), legal);
      }
    }
    return legal.isEmpty()
        ? new CatalogEvent.TopicCreated(state.nextUid(), "other", 7, SETTINGS)
        : legal.get(random.nextInt(legal.size()));
  }

  private static void addLegalEvents(
      CatalogState state, Topic topic, String name, List<CatalogEvent> legal) {
    legal.add(new CatalogEvent.TopicDeleting(topic.uid()));
    legal.add(new CatalogEvent.TopicChanged(topic.uid(), SETTINGS));
    if (topic.subscription(name) == null) {
      legal.add(
          new CatalogEvent.SubscriptionCreated(
              topic.uid(),
              state.nextUid(),
              name,
              8,
              SubscriptionSettings.DEFAULTS,
              Topic.StartPosition.LATEST,
              0,
              true));
    }
    for (Topic.Subscription subscription : topic.subscriptions().values()) {
      long uid = subscription.uid();
      switch (subscription.stage()) {
        case OPENING -> legal.add(new CatalogEvent.SubscriptionOpened(topic.uid(), uid));
        case OPEN -> legal.add(new CatalogEvent.SubscriptionClosing(topic.uid(), uid));
        case CLOSING -> legal.add(new CatalogEvent.SubscriptionRemoved(topic.uid(), uid));
      }
    }
  }

  private static void assertSame(CatalogState actual, CatalogState expected) {
    assertThat(actual.snapshot()).isEqualTo(expected.snapshot());
    assertThat(actual.nextUid()).isEqualTo(expected.nextUid());
    assertThat(actual.uidsChangedAfter(0)).isEqualTo(expected.uidsChangedAfter(0));
  }

  @Property(tries = 100)
  void anyLegalSequenceKeepsTheInvariants(@ForAll long seed, @ForAll @IntRange(max = 60) int size) {
    Random random = new Random(seed);
    CatalogState live = CatalogState.empty();
    List<CatalogEvent> events = new ArrayList<>();
    Set<Long> givenUids = new HashSet<>();
    for (int i = 0; i < size; i++) {
      CatalogEvent event = legalEvent(live, random);
      events.add(event);
      live.apply(event);
      if (event instanceof CatalogEvent.TopicCreated) {
        assertThat(givenUids.add(event.topicUid())).isTrue();
      } else if (event instanceof CatalogEvent.SubscriptionCreated) {
        assertThat(givenUids.add(event.subscriptionUid())).isTrue();
      }
      assertConsistent(live, i + 1);
    }

    CatalogState replayed = CatalogState.empty();
    events.forEach(replayed::apply);
    assertSame(replayed, live);

    CatalogCodec codec = new CatalogCodec();
    Encoder out = new Encoder(0);
    codec.encodeState(live, out);
    Decoder in = new Decoder(out.toByteArray());
    assertSame(codec.decodeState(codec.stateManifest(), in), live);
    in.expectEnd();
  }

  private static void assertConsistent(CatalogState state, int version) {
    assertThat(state.version()).isEqualTo(version);
    Map<Long, Topic> byUid = new TreeMap<>();
    state.snapshot().topics().forEach((name, topic) -> byUid.put(topic.uid(), topic));
    assertThat(state.snapshot().byUid()).isEqualTo(byUid);
    assertThat(state.uidsChangedAfter(0).values()).hasSameElementsAs(byUid.keySet());
    byUid.keySet().forEach(uid -> assertThat(uid).isLessThan(state.nextUid()));
  }

  /** Views that start, lag behind or restart their loading at any time end with what is stored. */
  @Property(tries = 100)
  void anyWayThroughThePagesLeadsToTheSameTopics(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 2_000) int maxWeight) {
    Random random = new Random(seed);
    CatalogState stored = CatalogState.empty();
    CatalogFeed feed = new CatalogFeed(stored.copy(), 3);
    CatalogSnapshot view = CatalogSnapshot.EMPTY;
    long base = 0;
    for (int i = 0; i < 200; i++) {
      int choice = random.nextInt(10);
      if (choice < 5) {
        CatalogEvent event = legalEvent(stored, random);
        stored.apply(event);
        feed.onStored(event);
      } else if (choice == 5) {
        feed = new CatalogFeed(stored.copy(), 3);
      } else {
        CatalogPage page = feed.page(view.version(), base, maxWeight);
        view = taken(view, page);
        base = page.isReset() ? page.version() : base;
        base = page.isComplete() ? view.version() : base;
        assertThat(page.isComplete() && !view.topics().equals(stored.snapshot().topics()))
            .isFalse();
      }
    }
    for (int i = 0; i < 1_000 && view.version() < stored.version(); i++) {
      CatalogPage page = feed.page(view.version(), base, maxWeight);
      view = taken(view, page);
      base = page.isReset() ? page.version() : base;
    }
    assertThat(view).isEqualTo(stored.snapshot());
  }

  private static CatalogSnapshot taken(CatalogSnapshot view, CatalogPage page) {
    CatalogSnapshot changed = page.isReset() ? CatalogSnapshot.EMPTY : view;
    for (long uid : page.removedUids()) {
      changed = changed.without(uid);
    }
    for (Topic topic : page.topics()) {
      changed = changed.with(topic);
    }
    return changed.at(page.to());
  }
}
