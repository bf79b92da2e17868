package io.tidewheel.worker;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.DispatcherSelector;
import akka.testkit.CallingThreadDispatcher;
import io.tidewheel.VirtualTime;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Inspector.QueueStatus;
import io.tidewheel.queue.Reader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExpiryTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final int QUEUES = 2;

  private final VirtualTime time = new VirtualTime(KIT);
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
  private final Idleness idleness = new Idleness(nanos::get);
  private final TestProbe<Long> removed = KIT.createTestProbe(Long.class);
  private final TestProbe<Long> inspected = KIT.createTestProbe(Long.class);
  private final Map<Long, Long> leased = new ConcurrentHashMap<>();
  private final Set<Long> silent = ConcurrentHashMap.newKeySet();
  private final Set<Long> recovering = ConcurrentHashMap.newKeySet();
  private final Map<Long, Topic.Subscription> subscriptions = new HashMap<>();
  private final StandInNodes others = new StandInNodes();
  private volatile CatalogSnapshot catalog = CatalogSnapshot.EMPTY;
  private volatile long seenVersion;
  private volatile Runnable listener = () -> {};
  private volatile CompletableFuture<Void> removalGate = CompletableFuture.completedFuture(null);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    KIT.spawn(
        Expiry.create(
            new Expiry.Parts(
                this::look,
                newListener -> listener = newListener,
                this::remove,
                new Figures(),
                idleness,
                others,
                nanos::get)),
        DispatcherSelector.fromConfig(CallingThreadDispatcher.Id()));
  }

  @Test
  void removesWhatNobodyUses() {
    put(1, MINUTE);
    put(2, null);
    pass(59);
    removed.expectNoMessage();
    pass(8);
    removed.expectMessage(1L);
    removed.expectNoMessage();
  }

  /** Guards a subscription whose workers are all at another node. */
  @Test
  void keepsWhatAnotherNodeUses() {
    others.using.add(1L);
    put(1, MINUTE);
    put(2, MINUTE);
    pass(80);
    removed.expectMessage(2L);
    removed.expectNoMessage();
    assertThat(idleness.onPullBegan(1)).isTrue();
    idleness.onPullEnded(1);
    assertThat(others.ended).contains(1L, 2L);
    others.using.clear();
    pass(80);
    removed.expectMessage(1L);
  }

  @Test
  void leavesItToTheNodeInCharge() {
    others.isInCharge = false;
    put(1, MINUTE);
    pass(120);
    removed.expectNoMessage();
    assertThat(idleness.isIdle(1, MINUTE)).isTrue();
    others.isInCharge = true;
    pass(2);
    removed.expectMessage(1L);
  }

  @Test
  void whatWasUsedThroughANodeThatLeftIsNotIdle() {
    put(1, MINUTE);
    pass(50);
    idleness.forgetIdleTime();
    pass(50);
    removed.expectNoMessage();
    pass(20);
    removed.expectMessage(1L);
  }

  @Test
  void beginsAnewWithEachUse() {
    put(1, MINUTE);
    put(2, MINUTE);
    pass(40);
    idleness.onUse(1);
    pass(27);
    removed.expectMessage(2L);
    pass(25);
    removed.expectNoMessage();
    pass(15);
    removed.expectMessage(1L);
  }

  @Test
  void keepsOneWithAWaitingWorker() {
    put(1, MINUTE);
    put(2, MINUTE);
    idleness.onPullBegan(1);
    idleness.onPullBegan(1);
    pass(70);
    removed.expectMessage(2L);
    idleness.onPullEnded(1);
    pass(70);
    removed.expectNoMessage();
    idleness.onPullEnded(1);
    pass(55);
    removed.expectNoMessage();
    pass(12);
    removed.expectMessage(1L);
  }

  @Test
  void keepsOneWithLeasedMessagesUntilTheyAreFree() {
    leased.put(1L, 1L);
    put(1, MINUTE);
    pass(120);
    inspected.expectMessage(1L);
    removed.expectNoMessage();
    leased.clear();
    pass(8);
    removed.expectMessage(1L);
  }

  @Test
  void keepsOneWhoseQueuesDoNotSayWhatIsLeased() {
    silent.add(1L);
    put(1, MINUTE);
    pass(120);
    inspected.expectMessage(1L);
    recovering.add(1L);
    silent.clear();
    pass(20);
    removed.expectNoMessage();
    recovering.clear();
    pass(8);
    removed.expectMessage(1L);
  }

  @Test
  void keepsOneThatIsUsedWhileItsQueuesAreAsked() {
    put(1, MINUTE);
    Figures.onDescribe = () -> idleness.onUse(1);
    try {
      pass(70);
      inspected.expectMessage(1L);
      removed.expectNoMessage();
    } finally {
      Figures.onDescribe = () -> {};
    }
    pass(70);
    removed.expectMessage(1L);
  }

  /** Guards against a pull that begins while the catalog removes, and loses its subscription. */
  @Test
  void refusesPullsWhileItRemoves() {
    put(1, MINUTE);
    removalGate = new CompletableFuture<>();
    pass(70);
    removed.expectMessage(1L);
    assertThat(idleness.onPullBegan(1)).isFalse();
    assertThat(idleness.onPullBegan(2)).isTrue();
    removalGate.complete(null);
    removed.awaitAssert(
        () -> {
          assertThat(idleness.onPullBegan(1)).isTrue();
          return null;
        });
  }

  @Test
  void asksAboutOneThatIsHeldATenthOfItsTimeLater() {
    leased.put(1L, 1L);
    put(1, MINUTE);
    pass(62);
    inspected.expectMessage(1L);
    pass(5);
    inspected.expectNoMessage();
    pass(3);
    inspected.expectMessage(1L);
  }

  @Test
  void countsFromTheSettingAndForgetsOneThatLostIt() {
    put(1, null);
    pass(600);
    put(1, MINUTE);
    pass(55);
    put(1, null);
    pass(600);
    removed.expectNoMessage();
    put(1, MINUTE);
    pass(55);
    removed.expectNoMessage();
    pass(12);
    removed.expectMessage(1L);
  }

  @Test
  void leavesWhatTheBrokerMadeAndWhatIsNotOpen() {
    put(subscription(1, MINUTE, Topic.Stage.OPEN, true));
    put(subscription(2, MINUTE, Topic.Stage.OPENING, false));
    put(subscription(3, MINUTE, Topic.Stage.CLOSING, false));
    put(4, MINUTE);
    pass(70);
    removed.expectMessage(4L);
    removed.expectNoMessage();
  }

  @Test
  void removesManyInTurns() {
    Set<Long> expected = new HashSet<>();
    for (long uid = 1; uid <= 3 * Expiry.MAX_OPEN; uid++) {
      subscriptions.put(uid, subscription(uid, MINUTE, Topic.Stage.OPEN, false));
      expected.add(uid);
    }
    publish();
    pass(60);
    for (int turn = 0; turn < 5; turn++) {
      pass(1);
    }
    Set<Long> gone = new HashSet<>();
    for (int i = 0; i < expected.size(); i++) {
      gone.add(removed.receiveMessage());
    }
    assertThat(gone).isEqualTo(expected);
  }

  private CatalogSnapshot look() {
    CatalogSnapshot seen = catalog;
    seenVersion = seen.version();
    return seen;
  }

  private void pass(int seconds) {
    nanos.addAndGet(seconds * 1_000_000_000L);
    time.passes(Duration.ofSeconds(seconds));
  }

  private void put(long uid, @Nullable Duration expiresAfter) {
    put(subscription(uid, expiresAfter, Topic.Stage.OPEN, false));
  }

  private synchronized void put(Topic.Subscription subscription) {
    subscriptions.put(subscription.uid(), subscription);
    publish();
  }

  /** Each in a topic of its own, whose uid is the subscription's. */
  private void publish() {
    TreeMap<String, Topic> topics = new TreeMap<>();
    subscriptions.forEach(
        (uid, subscription) ->
            topics.put(
                "t" + uid,
                new Topic(
                    uid,
                    "t" + uid,
                    1,
                    0,
                    TopicSettings.defaults(QUEUES),
                    false,
                    Map.of("s", subscription))));
    catalog = CatalogSnapshot.of(catalog.version() + 1, topics);
    listener.run();
    // The watching begins with the next look, at this moment of the other clock.
    for (int i = 0; i < 50 && seenVersion < catalog.version(); i++) {
      time.passes(Expiry.INTERVAL);
    }
    assertThat(seenVersion).isEqualTo(catalog.version());
  }

  private synchronized CompletionStage<CatalogClient.Reply> remove(
      Topic topic, Topic.Subscription subscription, Duration timeout) {
    CompletionStage<CatalogClient.Reply> gone =
        removalGate.thenApply(
            open -> {
              subscriptions.remove(subscription.uid());
              TreeMap<String, Topic> topics = new TreeMap<>(catalog.topics());
              topics.remove(topic.name());
              catalog = CatalogSnapshot.of(catalog.version() + 1, topics);
              return new CatalogClient.Deleted();
            });
    removed.getRef().tell(subscription.uid());
    return gone;
  }

  private static Topic.Subscription subscription(
      long uid, @Nullable Duration expiresAfter, Topic.Stage stage, boolean isBuiltIn) {
    SubscriptionSettings settings =
        Changed.in(SubscriptionSettings.DEFAULTS, "expiresAfter", expiresAfter);
    return new Topic.Subscription(
        uid, "s", 1, 0, settings, Topic.StartPosition.EARLIEST, 0, stage, isBuiltIn);
  }

  /** What the queues say: the leases of the test, on the last queue. */
  private final class Figures implements Inspector {
    private static volatile Runnable onDescribe = () -> {};

    @Override
    public CompletionStage<List<QueueStatus>> locate(Topic topic, Duration timeout) {
      throw new AssertionError("whoever expires asks for figures, not where queues live");
    }

    @Override
    public CompletionStage<List<QueueStatus>> describe(Topic topic, Duration timeout) {
      long uid = topic.uid();
      onDescribe.run();
      List<QueueStatus> statuses = new ArrayList<>();
      for (int queue = 0; queue < QUEUES; queue++) {
        boolean isLast = queue == QUEUES - 1;
        List<Reader.Status> readers =
            isLast && silent.contains(uid)
                ? List.of()
                : List.of(status(uid, queue, isLast ? leased.getOrDefault(uid, 0L) : 0));
        statuses.add(new QueueStatus(queue, "n", 0, 9, 9, uid, 9, 0, readers));
      }
      inspected.getRef().tell(uid);
      return CompletableFuture.completedFuture(statuses);
    }

    private Reader.Status status(long uid, int queue, long leasedCount) {
      return new Reader.Status(
          uid,
          queue,
          1,
          0,
          0,
          5,
          0,
          leasedCount,
          5,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          recovering.contains(uid) ? "recovering" : null,
          Reader.Reconciliation.UNKNOWN);
    }
  }

  /** Other nodes, as a test says they are. */
  private static final class StandInNodes implements OtherNodes {
    private final Set<Long> using = ConcurrentHashMap.newKeySet();
    private final Set<Long> ended = ConcurrentHashMap.newKeySet();
    private volatile boolean isInCharge = true;

    @Override
    public boolean isInCharge() {
      return isInCharge;
    }

    @Override
    public CompletionStage<Boolean> beginRemoval(long subscriptionUid, Duration limit) {
      return CompletableFuture.completedFuture(!using.contains(subscriptionUid));
    }

    @Override
    public void endRemoval(long subscriptionUid) {
      ended.add(subscriptionUid);
    }
  }
}
