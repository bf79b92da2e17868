package io.tidewheel.catalog;

import static io.tidewheel.catalog.SettingsPatchTest.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import akka.persistence.testkit.javadsl.SnapshotTestKit;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.catalog.CatalogClient.Conflict;
import io.tidewheel.catalog.CatalogClient.Created;
import io.tidewheel.catalog.CatalogClient.Deleted;
import io.tidewheel.catalog.CatalogClient.Existing;
import io.tidewheel.catalog.CatalogClient.Invalid;
import io.tidewheel.catalog.CatalogClient.NotFound;
import io.tidewheel.catalog.CatalogClient.Reply;
import io.tidewheel.catalog.CatalogClient.Unavailable;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.journal.Ownerships;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.ObjectAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CatalogTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static ActorTestKit kit;
  private static PersistenceTestKit store;
  private static ManualTime time;

  private final FakeQueues queues = new FakeQueues();
  private final List<ActorRef<?>> started = new ArrayList<>();
  private volatile boolean isFenceHeld = true;
  private int maxRequests = 100;
  private int checkpointRows = 1_000;
  private ActorRef<Catalog.Command> catalog;
  private CatalogClient client;

  @BeforeAll
  static void startKit() {
    kit =
        ActorTestKit.create(
            ManualTime.config()
                .withFallback(ConfigFactory.parseResources("manual-time.conf"))
                .withFallback(PersistenceTestKitPlugin.getInstance().config())
                .withFallback(PersistenceTestKitSnapshotPlugin.config())
                .withFallback(ConfigFactory.parseResources("journal-test.conf"))
                .withFallback(ConfigFactory.load()));
    store = PersistenceTestKit.create(kit.system());
    time = ManualTime.get(kit.system());
  }

  @AfterAll
  static void stopKit() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    startCatalog();
    client = startView();
  }

  @AfterEach
  void stop() {
    started.forEach(kit::stop);
    store.clearAll();
    SnapshotTestKit.create(kit.system()).clearAll();
  }

  private void startCatalog() {
    CatalogSettings defaults =
        CatalogSettings.of(
            Ownerships.counted(
                "n1", () -> isFenceHeld, new FencedLog.CheckpointPolicy(1 << 20, checkpointRows)),
            1);
    CatalogSettings settings =
        new CatalogSettings(
            defaults.ownership(),
            defaults.topicDefaults(),
            maxRequests,
            4,
            defaults.callTimeout(),
            defaults.minBackoff(),
            defaults.maxBackoff(),
            10,
            10,
            100,
            1_500);
    InstantSource clock = InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_000L));
    catalog = kit.spawn(Catalog.create(settings, queues, clock));
    started.add(catalog);
  }

  private void restartCatalog() {
    kit.stop(catalog);
    startCatalog();
    client = startView();
  }

  private CatalogClient startView() {
    PublishedCatalog published = new PublishedCatalog();
    ActorRef<CatalogView.Command> view = kit.spawn(CatalogView.create(catalog, published));
    started.add(view);
    return CatalogView.client(view, published);
  }

  private static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private Reply putTopic(String name, String patch) {
    return get(client.putTopic(name, json(patch), null, TIMEOUT));
  }

  private Reply putSubscription(String topic, String name, String patch) {
    return get(client.putSubscription(topic, name, json(patch), null, TIMEOUT));
  }

  private static <T> ObjectAssert<T> assertThatIt(Reply reply, Class<T> expected) {
    AbstractAssert<?, Reply> assertion = assertThat(reply);
    return assertion.asInstanceOf(type(expected));
  }

  private static Topic topicOf(Reply reply) {
    return reply instanceof Created created ? created.topic() : ((Existing) reply).topic();
  }

  private static Topic.Subscription subscriptionOf(Reply reply) {
    return reply instanceof Created created
        ? created.subscription()
        : ((Existing) reply).subscription();
  }

  @Test
  void aTopicIsMadeOnceAndInTheViewWhenItIsAnswered() {
    Reply created = putTopic("orders", "{'queues':3}");
    assertThat(created).isInstanceOf(Created.class);
    assertThat(client.current().topic("orders")).isEqualTo(topicOf(created));
    assertThat(topicOf(created).settings().queues()).isEqualTo(3);
    assertThat(topicOf(created).createdAtMillis()).isEqualTo(1_700_000_000_000L);

    assertThat(putTopic("orders", "{}")).isEqualTo(new Existing(topicOf(created), null));
    Reply changed = putTopic("orders", "{'ttl':'1h'}");
    assertThatIt(changed, Existing.class);
    assertThat(topicOf(changed).revision()).isEqualTo(2);
    assertThat(client.current().topic("orders").settings().ttl()).isEqualTo(Duration.ofHours(1));
    assertThat(topicOf(get(client.ensureTopic("orders", TIMEOUT)))).isEqualTo(topicOf(changed));
    assertThat(get(client.ensureTopic("auto", TIMEOUT))).isInstanceOf(Created.class);
  }

  @Test
  void whatIsNotAcceptableChangesNothing() {
    putTopic("t", "{}");
    putSubscription("t", "s", "{'start':'2031-05-17T08:30:00Z'}");
    long version = client.current().version();

    assertThatIt(putTopic("a b", "{}"), Invalid.class)
        .satisfies(reply -> assertThat(reply.errors().get(0).pointer()).isEqualTo("/name"));
    assertThatIt(putTopic("t~s", "{}"), Invalid.class)
        .satisfies(reply -> assertThat(reply.errors().get(0).detail()).contains("reserved"));
    assertThatIt(putTopic("u", "{'queues':0}"), Invalid.class)
        .satisfies(reply -> assertThat(reply.errors().get(0).pointer()).isEqualTo("/queues"));
    assertThatIt(putTopic("t", "{'x':1}"), Invalid.class);
    assertThatIt(putTopic("t", "{'queues':2}"), Conflict.class);
    assertThatIt(putSubscription("t", "..", "{}"), Invalid.class);
    assertThatIt(putSubscription("t", "s", "{'lease':5}"), Invalid.class);
    assertThatIt(putSubscription("t", "s", "{'start':'latest'}"), Conflict.class)
        .satisfies(reply -> assertThat(reply.detail()).contains("2031-05-17T08:30:00Z"));
    assertThatIt(putSubscription("none", "s", "{}"), NotFound.class);
    assertThatIt(get(client.deleteTopic("none", null, TIMEOUT)), NotFound.class);
    assertThatIt(get(client.deleteSubscription("t", "x", null, TIMEOUT)), NotFound.class);
    assertThat(client.current().version()).isEqualTo(version);
  }

  @Test
  void aChangeFromAnOldRevisionIsAConflict() {
    putTopic("t", "{}");
    putTopic("t", "{'ttl':'1h'}");
    assertThatIt(get(client.putTopic("t", json("{'ttl':'2h'}"), 1L, TIMEOUT)), Conflict.class);
    assertThatIt(get(client.deleteTopic("t", 1L, TIMEOUT)), Conflict.class);
    assertThatIt(get(client.putTopic("t", json("{'ttl':'2h'}"), 2L, TIMEOUT)), Existing.class);
    assertThatIt(get(client.putTopic("new", json("{}"), 2L, TIMEOUT)), Conflict.class);
    putSubscription("t", "s", "{}");
    assertThatIt(get(client.putSubscription("t", "s", json("{}"), 7L, TIMEOUT)), Conflict.class);
    assertThatIt(get(client.deleteSubscription("t", "s", 7L, TIMEOUT)), Conflict.class);
  }

  @Test
  void theFirstSubscriptionStartsAtTheBeginningAndLaterOnesAtTheEnd() {
    putTopic("t", "{}");
    assertThat(subscriptionOf(putSubscription("t", "a", "{}")).start())
        .isEqualTo(Topic.StartPosition.EARLIEST);
    assertThat(subscriptionOf(putSubscription("t", "b", "{}")).start())
        .isEqualTo(Topic.StartPosition.LATEST);
    assertThat(subscriptionOf(get(client.ensureSubscription("t", "a", TIMEOUT))).start())
        .isEqualTo(Topic.StartPosition.EARLIEST);
  }

  @Test
  void aSubscriptionIsAnsweredOnlyAfterEveryQueueHasOpenedIt() {
    putTopic("t", "{'queues':3}");
    queues.hold();
    CompletionStage<Reply> reply = client.putSubscription("t", "s", json("{}"), null, TIMEOUT);
    List<FakeQueues.Call> calls = List.of(queues.take(), queues.take(), queues.take());
    assertThat(calls)
        .extracting(FakeQueues.Call::what)
        .containsExactly("open 1/0 2", "open 1/1 2", "open 1/2 2");
    calls.get(0).succeed();
    calls.get(2).succeed();
    CompletionStage<Reply> repeat = client.ensureSubscription("t", "s", TIMEOUT);
    get(client.refresh(TIMEOUT));
    assertThat(reply.toCompletableFuture()).isNotDone();
    assertThat(repeat.toCompletableFuture()).isNotDone();

    calls.get(1).succeed();
    assertThatIt(get(reply), Created.class);
    assertThat(subscriptionOf(get(reply)).stage()).isEqualTo(Topic.Stage.OPEN);
    assertThatIt(get(repeat), Existing.class);
    assertThat(client.current().topic("t").subscription("s").stage()).isEqualTo(Topic.Stage.OPEN);
  }

  @Test
  void anOpeningGoesOnAfterARestartOfTheCatalog() {
    putTopic("t", "{'queues':2}");
    queues.hold();
    client.putSubscription("t", "s", json("{}"), null, TIMEOUT);
    queues.take().succeed();
    queues.take();
    restartCatalog();

    assertThat(List.of(queues.take().what(), queues.take().what()))
        .containsExactly("open 1/0 2", "open 1/1 2");
    queues.release();
    restartCatalog();
    Reply repeat = putSubscription("t", "s", "{}");
    assertThatIt(repeat, Existing.class);
    assertThat(subscriptionOf(repeat).stage()).isEqualTo(Topic.Stage.OPEN);
  }

  @Test
  void aQueueThatFailsOrSaysNothingIsAskedAgain() {
    putTopic("t", "{}");
    queues.hold();
    CompletionStage<Reply> reply = client.putSubscription("t", "s", json("{}"), null, TIMEOUT);
    queues.take().fail();
    get(client.refresh(TIMEOUT));
    time.timePasses(Duration.ofMillis(200));
    queues.take();
    time.timePasses(Duration.ofSeconds(15));
    get(client.refresh(TIMEOUT));
    time.timePasses(Duration.ofMillis(400));
    queues.take().succeed();
    assertThatIt(get(reply), Created.class);
  }

  @Test
  void aChangeThatTakesTooLongIsRecordedAndCompletedLater() {
    putTopic("t", "{}");
    queues.hold();
    CompletionStage<Reply> reply =
        client.putSubscription("t", "s", json("{}"), null, Duration.ofSeconds(5));
    FakeQueues.Call call = queues.take();
    time.timePasses(Duration.ofSeconds(5));
    assertThatIt(get(reply), Unavailable.class)
        .satisfies(unavailable -> assertThat(unavailable.isRecorded()).isTrue());

    call.succeed();
    assertThatIt(putSubscription("t", "s", "{}"), Existing.class);
  }

  @Test
  void aTopicMadeAgainHasAnotherUidAndNeverMeetsTheOldOne() {
    Topic old = topicOf(putTopic("t", "{'queues':2}"));
    putSubscription("t", "s", "{}");
    queues.hold();
    CompletionStage<Reply> deleted = client.deleteTopic("t", null, TIMEOUT);
    CompletionStage<Reply> repeat = client.deleteTopic("t", null, TIMEOUT);
    FakeQueues.Call first = queues.take();
    FakeQueues.Call second = queues.take();
    assertThat(List.of(first.what(), second.what())).containsExactly("delete 1/0", "delete 1/1");
    assertThatIt(putTopic("t", "{}"), Unavailable.class)
        .satisfies(unavailable -> assertThat(unavailable.isRecorded()).isFalse());
    assertThatIt(putSubscription("t", "x", "{}"), Unavailable.class);
    get(client.refresh(TIMEOUT));
    assertThat(client.current().topic("t")).isNull();
    assertThat(client.current().topic(old.uid()).isDeleting()).isTrue();

    first.succeed();
    second.succeed();
    assertThat(get(deleted)).isEqualTo(new Deleted());
    assertThat(get(repeat)).isEqualTo(new Deleted());
    assertThat(client.current().topic(old.uid())).isNull();
    Reply again = putTopic("t", "{}");
    assertThatIt(again, Created.class);
    assertThat(topicOf(again).uid()).isEqualTo(3);
    assertThat(topicOf(again).subscriptions()).isEmpty();
    restartCatalog();
    assertThat(topicOf(putTopic("u", "{}")).uid()).isEqualTo(4);
  }

  @Test
  void aSubscriptionMadeAgainHasAnotherUid() {
    putTopic("t", "{}");
    long uid = subscriptionOf(putSubscription("t", "s", "{}")).uid();
    queues.hold();
    CompletionStage<Reply> deleted = client.deleteSubscription("t", "s", null, TIMEOUT);
    FakeQueues.Call call = queues.take();
    assertThat(call.what()).isEqualTo("close 1/0 2");
    assertThatIt(putSubscription("t", "s", "{}"), Unavailable.class);
    call.succeed();
    assertThat(get(deleted)).isEqualTo(new Deleted());
    assertThat(client.current().topic("t").subscriptions()).isEmpty();
    queues.release();
    assertThat(subscriptionOf(putSubscription("t", "s", "{}")).uid()).isGreaterThan(uid);
  }

  @Test
  void onlyTheSubscriptionThatWasIdleExpires() {
    putTopic("t", "{}");
    Topic.Subscription first = subscriptionOf(putSubscription("t", "s", "{}"));
    Topic topic = client.current().topic("t");
    putSubscription("t", "s", "{'expiresAfter':'7d'}");
    assertThatIt(get(client.expireSubscription(topic, first, TIMEOUT)), Conflict.class);
    get(client.deleteSubscription("t", "s", null, TIMEOUT));
    Topic.Subscription second = subscriptionOf(putSubscription("t", "s", "{}"));
    assertThat(second.revision()).isEqualTo(first.revision());
    assertThatIt(get(client.expireSubscription(topic, first, TIMEOUT)), NotFound.class);
    assertThat(client.current().topic("t").subscription("s")).isEqualTo(second);
    assertThat(get(client.expireSubscription(topic, second, TIMEOUT))).isEqualTo(new Deleted());
    assertThat(client.current().topic("t").subscriptions()).isEmpty();
    assertThatIt(get(client.expireSubscription(topic, second, TIMEOUT)), NotFound.class);
  }

  @Test
  void aClosingWaitsForTheOpeningThatIsUnderWay() {
    putTopic("t", "{}");
    queues.hold();
    CompletionStage<Reply> opened = client.putSubscription("t", "s", json("{}"), null, TIMEOUT);
    FakeQueues.Call opening = queues.take();
    CompletionStage<Reply> deleted = client.deleteSubscription("t", "s", null, TIMEOUT);
    assertThatIt(get(opened), NotFound.class);
    assertThat(queues.isQuiet()).isTrue();
    opening.succeed();
    FakeQueues.Call closing = queues.take();
    assertThat(closing.what()).isEqualTo("close 1/0 2");
    closing.succeed();
    assertThat(get(deleted)).isEqualTo(new Deleted());
  }

  @Test
  void aDeadLetterTopicComesWithTheSubscriptionThatPinsIt() {
    putTopic("t", "{'queues':4}");
    assertThatIt(get(client.ensureDeadLetterTopic("t", "s", TIMEOUT)), NotFound.class);
    putSubscription("t", "s", "{}");
    Reply made = get(client.ensureDeadLetterTopic("t", "s", TIMEOUT));
    assertThatIt(made, Created.class);
    assertThat(topicOf(made).name()).isEqualTo("t~s");
    assertThat(topicOf(made).settings().queues()).isEqualTo(1);
    assertThat(subscriptionOf(made).name()).isEqualTo("redrive");
    assertThat(subscriptionOf(made).isBuiltIn()).isTrue();
    assertThat(subscriptionOf(made).stage()).isEqualTo(Topic.Stage.OPEN);
    assertThat(subscriptionOf(made).start()).isEqualTo(Topic.StartPosition.EARLIEST);
    assertThat(client.current().topic("t~s")).isNotNull();

    assertThatIt(get(client.ensureDeadLetterTopic("t", "s", TIMEOUT)), Existing.class);
    assertThatIt(get(client.deleteSubscription("t~s", "redrive", null, TIMEOUT)), Conflict.class);
    assertThatIt(putTopic("t~s", "{'maxBacklogBytes':1000000}"), Existing.class);
    assertThat(get(client.deleteTopic("t~s", null, TIMEOUT))).isEqualTo(new Deleted());
  }

  @Test
  void aFailedPersistIsUnknownAndTheNextChangeWorks() {
    putTopic("t", "{}");
    store.failNextPersisted(CatalogLog.PERSISTENCE_ID);
    assertThatIt(putTopic("u", "{}"), Unavailable.class)
        .satisfies(unavailable -> assertThat(unavailable.isRecorded()).isTrue());
    CompletionStage<Reply> next = client.putTopic("u", json("{}"), null, TIMEOUT);
    time.timePasses(Duration.ofMillis(200));
    assertThat(topicOf(get(next)).uid()).isEqualTo(2);
    assertThat(client.current().topics()).containsOnlyKeys("t", "u");
  }

  @Test
  void withoutTheFenceNothingIsStoredAndItGoesOnWithIt() {
    putTopic("t", "{}");
    isFenceHeld = false;
    assertThatIt(putTopic("u", "{}"), Unavailable.class)
        .satisfies(unavailable -> assertThat(unavailable.isRecorded()).isFalse());
    CompletionStage<Reply> next = client.putTopic("u", json("{}"), null, TIMEOUT);
    isFenceHeld = true;
    time.timePasses(Duration.ofMillis(200));
    assertThatIt(get(next), Created.class);
  }

  @Test
  void tooManyRequestsAreRefusedAtOnce() {
    maxRequests = 2;
    restartCatalog();
    putTopic("t", "{}");
    queues.hold();
    client.putSubscription("t", "a", json("{}"), null, TIMEOUT);
    client.putSubscription("t", "b", json("{}"), null, TIMEOUT);
    queues.take();
    queues.take();
    assertThatIt(putSubscription("t", "c", "{}"), Unavailable.class)
        .satisfies(unavailable -> assertThat(unavailable.isRecorded()).isFalse());
  }

  @Test
  void otherViewsAreToldAndNewOnesGetEverythingInPages() {
    CatalogClient other = startView();
    for (int i = 0; i < 30; i++) {
      putTopic("t" + i, "{}");
    }
    assertThat(get(other.refresh(TIMEOUT)).topics()).hasSize(30);
    get(client.deleteTopic("t7", null, TIMEOUT));
    assertThat(get(other.refresh(TIMEOUT)).topics()).hasSize(29).doesNotContainKey("t7");

    restartCatalog();
    CatalogSnapshot fresh = get(client.refresh(TIMEOUT));
    assertThat(fresh.topics()).isEqualTo(other.current().topics());
    assertThat(fresh.version()).isEqualTo(other.current().version());
  }

  @Test
  void everythingIsThereAfterSnapshotsAndTrims() {
    checkpointRows = 5;
    restartCatalog();
    for (int i = 0; i < 30; i++) {
      putTopic("t" + i, "{}");
    }
    assertThat(store.persistedInStorage(CatalogLog.PERSISTENCE_ID).size()).isLessThan(30);
    restartCatalog();
    assertThat(get(client.refresh(TIMEOUT)).topics()).hasSize(30);
    assertThat(topicOf(putTopic("u", "{}")).uid()).isEqualTo(31);
  }

  @Test
  void aViewThatSaysNothingForTenSecondsIsForgotten() {
    TestProbe<CatalogPage> probe = kit.createTestProbe();
    catalog.tell(new Catalog.Watch(0, 0, probe.getRef()));
    probe.receiveMessage();
    putTopic("t", "{}");
    assertThat(probe.receiveMessage().topics()).hasSize(1);
    for (int i = 0; i < 11; i++) {
      time.timePasses(Duration.ofSeconds(1));
    }
    putTopic("u", "{}");
    probe.expectNoMessage(Duration.ZERO);
  }

  @Test
  void aCatalogThatKnowsLessThanAViewDoesNotTakeItBack() {
    TestProbe<CatalogPage> probe = kit.createTestProbe();
    putTopic("t", "{}");
    catalog.tell(new Catalog.Watch(9, 9, probe.getRef()));
    putTopic("u", "{}");
    probe.expectNoMessage(Duration.ZERO);
  }

  @Test
  void questionsTimeOut() {
    isFenceHeld = false;
    CompletionStage<CatalogSnapshot> answer = client.refresh(Duration.ofSeconds(3));
    for (int i = 0; i < 20 && !answer.toCompletableFuture().isDone(); i++) {
      time.timePasses(Duration.ofMillis(500));
    }
    assertThat(answer.toCompletableFuture())
        .failsWithin(Duration.ofSeconds(5))
        .withThrowableThat()
        .withMessageContaining("catalog");
  }

  @Test
  void whatTravelsBetweenNodesIsCbor() {
    putTopic("t", "{'ttl':'1h'}");
    Reply reply =
        putSubscription(
            "t", "s", "{'filter':{'a':['b',{'exists':true}]},'maxLag':{'bytes':5},'zone':'z'}");
    Topic topic = topicOf(reply);
    ActorRef<Catalog.Answer> answers = kit.<Catalog.Answer>createTestProbe().getRef();
    ActorRef<CatalogPage> pages = kit.<CatalogPage>createTestProbe().getRef();
    List<CatalogChange> changes =
        List.of(
            new CatalogChange.PutTopic("t", json("{'ttl':null}"), 5L),
            new CatalogChange.EnsureTopic("t"),
            new CatalogChange.EnsureDeadLetterTopic("t", "s"),
            new CatalogChange.DeleteTopic("t", null),
            new CatalogChange.PutSubscription("t", "s", json("{}"), null),
            new CatalogChange.EnsureSubscription("t", "s"),
            new CatalogChange.DeleteSubscription("t", "s", 1L),
            new CatalogChange.ExpireSubscription("t", "s", 2, 1));
    List<Reply> replies =
        List.of(
            reply,
            new Existing(topic, null),
            new Deleted(),
            new NotFound("t"),
            new Invalid(List.of(new CatalogClient.FieldError("/a", "b"))),
            new Conflict("c"),
            new Unavailable("u", true));
    List<Object> messages = new ArrayList<>();
    changes.forEach(change -> messages.add(new Catalog.Execute(1, change, TIMEOUT, answers)));
    replies.forEach(each -> messages.add(new Catalog.Answer(1, each, 5)));
    messages.add(new Catalog.Answer(1, null, 5));
    messages.add(new Catalog.AskVersion(1, TIMEOUT, answers));
    messages.add(new Catalog.Watch(1, 2, pages));
    messages.add(new CatalogPage(1, 2, 3, true, List.of(topic), List.of(4L)));
    assertThat(messages)
        .allSatisfy(message -> kit.serializationTestKit().verifySerialization(message, true));
  }
}
