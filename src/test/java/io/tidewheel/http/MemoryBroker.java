package io.tidewheel.http;

import akka.NotUsed;
import akka.stream.javadsl.Flow;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tidewheel.backlog.Standing;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.cluster.ClusterStatus;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.message.Message;
import io.tidewheel.monitor.AllowanceHistory;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.monitor.History;
import io.tidewheel.monitor.Monitor;
import io.tidewheel.monitor.Rates;
import io.tidewheel.monitor.Survey;
import io.tidewheel.monitor.Trace;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Publisher;
import io.tidewheel.queue.Reader;
import io.tidewheel.session.Sessions;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.ReceiptCodec;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.worker.Consumer;
import io.tidewheel.worker.Redrive;
import io.tidewheel.worker.RedriveProgress;
import io.tidewheel.worker.RedriveRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A broker of one queue per topic in memory, to see what HTTP makes of it. */
final class MemoryBroker implements CatalogClient, Publisher, Inspector, Browser, Consumer {
  private static final long NOW = 1_700_000_000_000L;

  final MemoryLocator locator = new MemoryLocator();
  final ReceiptCodec receipts = new ReceiptCodec(new byte[32]);

  private final TreeMap<String, Topic> topics = new TreeMap<>();
  private final Map<Long, List<Message>> stored = new HashMap<>();
  private final Map<Long, Integer> positions = new HashMap<>();
  private final Set<Receipt> leased = new HashSet<>();
  private final List<CompletableFuture<List<Delivery>>> waiting = new ArrayList<>();
  private long lastUid;
  private static final ClusterStatus.MemberStatus MEMBER =
      new ClusterStatus.MemberStatus(
          "127.0.0.1:7355",
          255,
          List.of("broker"),
          "up",
          "default",
          true,
          true,
          3,
          "http://127.0.0.1:8080");

  volatile ClusterStatus cluster =
      new ClusterStatus("127.0.0.1:7355", 1, 1, true, "serving", null, List.of(), List.of(MEMBER));

  /** When the newest survey was made, of which each is another one. */
  volatile LongSupplier surveyedAt = () -> 0;

  private volatile boolean isReady = true;

  /** Answers the next publishes instead of storing; null to store. */
  PublishResult nextResult;

  /** Whether the node has room for another publish. */
  volatile long roomBytes = Long.MAX_VALUE;

  /** Deliveries that were given back, by offset. */
  final List<Long> released = new ArrayList<>();

  SettleAction lastAction;
  Map<Integer, Subscription.Position> lastPositions;
  boolean isSeekRefused;
  RedriveRequest lastRedrive;
  Consumer.PullRequest lastPull;
  Duration lastTimeLeft;

  /** Fails pulls, as queues do that do not answer; null to deliver. */
  Throwable pullFailure;

  /** Fails the next lookups, as a defect would. */
  boolean isBroken;

  final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** Answers deletions only when it is open; null for at once. */
  volatile CompletableFuture<Void> deletionGate;

  private CompletableFuture<Void> gate;
  private int heldCalls;
  private long heldBytes;

  /** Answers publishes only when the gate is open; null for at once. */
  synchronized void hold(CompletableFuture<Void> newGate) {
    gate = newGate;
    heldCalls = 0;
    heldBytes = 0;
  }

  /** Waits until so many publishes wait, or none has come for a while. */
  synchronized void awaitHeld(int calls) throws InterruptedException {
    int before = -1;
    while (heldCalls < calls && heldCalls > before) {
      before = heldCalls;
      wait(1_000);
    }
  }

  synchronized long heldBytes() {
    return heldBytes;
  }

  Broker broker() {
    return new Broker(
        this,
        this,
        this,
        this,
        this,
        this::redrive,
        locator,
        receipts,
        metrics,
        () -> CompletableFuture.completedFuture(cluster),
        new Broker.Readiness(() -> isReady, () -> isReady ? "serving" : "recovering"),
        null,
        new BacklogFeed.Parts(command -> {}, this::current, monitor),
        monitor,
        NO_SESSIONS,
        new MemoryFeedback(),
        () -> Instant.ofEpochMilli(NOW),
        System::nanoTime);
  }

  /** Nothing has happened. */
  private final Monitor monitor =
      new Monitor() {
        @Override
        public Rates rates(Standing.Place place) {
          return Rates.NONE;
        }

        @Override
        public CompletionStage<Survey> survey() {
          long at = surveyedAt.getAsLong();
          return CompletableFuture.completedFuture(new Survey(at, at, Map.of()));
        }

        @Override
        public CompletionStage<History> history(long topicUid) {
          return history();
        }

        @Override
        public CompletionStage<History> history() {
          return CompletableFuture.completedFuture(
              new History(NOW, 10_000, List.of(1L), List.of(2.0), List.of(3.0), List.of(0.0)));
        }

        @Override
        public CompletionStage<Allowances> allowances() {
          return new MemoryFeedback().nodes().thenApply(Allowances::new);
        }

        @Override
        public CompletionStage<AllowanceHistory> allowanceHistory() {
          return CompletableFuture.completedFuture(
              new AllowanceHistory(
                  NOW,
                  10_000,
                  List.of(new Trace<>("127.0.0.1:7355", List.of(0.31), List.of(0.12))),
                  List.of(),
                  List.of(new Trace<>("ledger", List.of(Double.NaN), List.of(12.5)))));
        }
      };

  /** Sessions are tried on a real node. */
  private static final Sessions NO_SESSIONS =
      new Sessions() {
        @Override
        public Flow<ByteString, ByteString, NotUsed> open() {
          return null;
        }

        @Override
        public void stop() {
          // There are none.
        }
      };

  /** Nothing has died here. */
  private CompletionStage<Redrive> redrive(
      Topic topic,
      Topic.Subscription subscription,
      RedriveRequest request,
      String name,
      Duration timeLeft,
      java.util.function.Consumer<RedriveProgress> progress) {
    lastRedrive = request;
    return CompletableFuture.failedFuture(new IllegalStateException("nothing to redrive"));
  }

  @Override
  public boolean hasRoom(long bytes, long arrivingBytes) {
    return bytes + arrivingBytes <= roomBytes;
  }

  void ready(boolean nowReady) {
    isReady = nowReady;
  }

  synchronized List<Message> messages(String topic) {
    Topic found = topics.get(topic);
    return found == null ? List.of() : List.copyOf(stored.get(found.uid()));
  }

  /** What is stored, and stored no more. */
  synchronized List<Message> takeMessages(String topic) {
    List<Message> messages = messages(topic);
    stored.get(topics.get(topic).uid()).clear();
    return messages;
  }

  synchronized Topic addTopic(String name, TopicSettings settings) {
    Topic topic = new Topic(++lastUid, name, 1, NOW, settings, false, Map.of());
    topics.put(name, topic);
    stored.put(topic.uid(), new ArrayList<>());
    return topic;
  }

  synchronized void completeWaiting() {
    waiting.forEach(pull -> pull.complete(List.of()));
    waiting.clear();
  }

  synchronized int waitingCount() {
    return waiting.size();
  }

  @Override
  public synchronized CatalogSnapshot current() {
    if (isBroken) {
      throw new IllegalStateException("secret-of-the-node");
    }
    return CatalogSnapshot.of(lastUid, new TreeMap<>(topics));
  }

  @Override
  public CompletionStage<CatalogSnapshot> refresh(Duration timeout) {
    return CompletableFuture.completedFuture(current());
  }

  @Override
  public synchronized CompletionStage<Reply> putTopic(
      String topic, ObjectNode patch, Long ifRevision, Duration timeout) {
    List<FieldError> errors = new ArrayList<>();
    patch
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!name.equals("maxMessageBytes")) {
                errors.add(new FieldError("/" + name, "is not a known setting"));
              }
            });
    if (!errors.isEmpty()) {
      return done(new Invalid(errors));
    }
    Topic known = topics.get(topic);
    if (known == null) {
      return done(new Created(addTopic(topic, TopicSettings.defaults(1)), null));
    }
    Topic changed =
        new Topic(
            known.uid(),
            topic,
            known.revision() + 1,
            NOW,
            known.settings(),
            false,
            known.subscriptions());
    topics.put(topic, changed);
    return done(new Existing(changed, null));
  }

  @Override
  public synchronized CompletionStage<Reply> ensureTopic(String topic, Duration timeout) {
    Topic known = topics.get(topic);
    return done(
        known == null
            ? new Created(addTopic(topic, TopicSettings.defaults(1)), null)
            : new Existing(known, null));
  }

  @Override
  public CompletionStage<Reply> ensureDeadLetterTopic(
      String topic, String subscription, Duration timeout) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized CompletionStage<Reply> deleteTopic(
      String topic, Long ifRevision, Duration timeout) {
    Reply reply = topics.remove(topic) == null ? new NotFound(topic) : new Deleted();
    return deletionGate == null ? done(reply) : deletionGate.thenApply(open -> reply);
  }

  @Override
  public synchronized CompletionStage<Reply> putSubscription(
      String topic, String name, ObjectNode patch, Long ifRevision, Duration timeout) {
    Topic owner = topics.get(topic);
    if (owner == null) {
      return done(new NotFound(topic));
    }
    Topic.Subscription known = owner.subscription(name);
    Topic.Subscription subscription =
        new Topic.Subscription(
            known == null ? ++lastUid : known.uid(),
            name,
            known == null ? 1 : known.revision() + 1,
            NOW,
            Changed.in(
                SubscriptionSettings.DEFAULTS, "isPaused", patch.path("paused").asBoolean(false)),
            Topic.StartPosition.EARLIEST,
            0,
            Topic.Stage.OPEN,
            false);
    Map<String, Topic.Subscription> subscriptions = new TreeMap<>(owner.subscriptions());
    subscriptions.put(name, subscription);
    Topic changed =
        new Topic(
            owner.uid(), topic, owner.revision(), NOW, owner.settings(), false, subscriptions);
    topics.put(topic, changed);
    positions.putIfAbsent(subscription.uid(), 0);
    return done(
        known == null ? new Created(changed, subscription) : new Existing(changed, subscription));
  }

  @Override
  public synchronized CompletionStage<Reply> ensureSubscription(
      String topic, String name, Duration timeout) {
    Topic owner = topics.get(topic);
    Topic.Subscription known = owner == null ? null : owner.subscription(name);
    return known == null
        ? putSubscription(topic, name, Json.newObject(), null, timeout)
        : done(new Existing(owner, known));
  }

  @Override
  public synchronized CompletionStage<Reply> deleteSubscription(
      String topic, String name, Long ifRevision, Duration timeout) {
    Topic owner = topics.get(topic);
    if (owner == null || owner.subscription(name) == null) {
      return done(new NotFound(name));
    }
    Map<String, Topic.Subscription> subscriptions = new TreeMap<>(owner.subscriptions());
    subscriptions.remove(name);
    topics.put(
        topic,
        new Topic(
            owner.uid(), topic, owner.revision(), NOW, owner.settings(), false, subscriptions));
    return done(new Deleted());
  }

  @Override
  public CompletionStage<Reply> expireSubscription(
      Topic topic, Topic.Subscription subscription, Duration timeout) {
    return deleteSubscription(topic.name(), subscription.name(), null, timeout);
  }

  @Override
  public synchronized CompletionStage<List<PublishResult>> publish(
      Topic topic, List<Message> messages, Duration timeLeft) {
    lastTimeLeft = timeLeft;
    List<PublishResult> results = new ArrayList<>();
    for (Message message : messages) {
      if (nextResult != null) {
        results.add(nextResult);
        continue;
      }
      List<Message> log = stored.get(topic.uid());
      int before = indexOfId(log, message.id());
      if (before >= 0) {
        results.add(new PublishResult.Stored(0, before, true));
      } else {
        results.add(new PublishResult.Stored(0, log.size(), false));
        log.add(message);
      }
    }
    if (gate == null) {
      return CompletableFuture.completedFuture(results);
    }
    heldCalls++;
    messages.forEach(message -> heldBytes += message.payload().length);
    notifyAll();
    return gate.thenApply(open -> results);
  }

  @Override
  public CompletionStage<List<QueueStatus>> locate(Topic topic, Duration timeout) {
    return describe(topic, timeout);
  }

  @Override
  public synchronized CompletionStage<List<QueueStatus>> describe(Topic topic, Duration timeout) {
    int size = stored.get(topic.uid()).size();
    List<Reader.Status> readers = new ArrayList<>();
    for (Topic.Subscription subscription : topic.subscriptions().values()) {
      long position = positions.getOrDefault(subscription.uid(), 0);
      readers.add(
          new Reader.Status(
              subscription.uid(),
              0,
              1,
              0,
              position,
              size - position,
              0,
              0,
              size - position,
              0,
              position,
              0,
              0,
              0,
              0,
              0,
              null,
              Reader.Reconciliation.of(size, position, 0, 0, 0, 0, size - position, 0, 0)));
    }
    return CompletableFuture.completedFuture(
        List.of(new QueueStatus(0, "memory", 0, size, 0, 0, 0, 0, readers)));
  }

  @Override
  public synchronized CompletionStage<SortedMap<Integer, Subscription.SeekReply>> seek(
      Topic topic,
      Topic.Subscription subscription,
      Map<Integer, Subscription.Position> newPositions,
      Duration timeLeft) {
    lastPositions = newPositions;
    SortedMap<Integer, Subscription.SeekReply> replies = new TreeMap<>();
    for (int queue : newPositions.keySet()) {
      replies.put(
          queue,
          isSeekRefused
              ? new Subscription.NotSought(queue, "the queue is recovering; ask again")
              : new Subscription.Sought(queue, 2, 0));
    }
    return CompletableFuture.completedFuture(replies);
  }

  @Override
  public synchronized CompletionStage<List<MessageBatch>> read(
      Topic topic, int queue, long fromOffset, long endOffset, long maxBytes) {
    List<Message> log = stored.get(topic.uid());
    List<Message> read = new ArrayList<>();
    long bytes = 0;
    for (long at = fromOffset; at < Math.min(endOffset, log.size()) && bytes < maxBytes; at++) {
      read.add(log.get((int) at));
      bytes += log.get((int) at).payload().length;
    }
    return CompletableFuture.completedFuture(
        read.isEmpty() ? List.of() : List.of(new MessageBatch(1, fromOffset, NOW, read)));
  }

  @Override
  public synchronized CompletionStage<Long> firstOffsetSince(Topic topic, int queue, long millis) {
    long end = stored.get(topic.uid()).size();
    return CompletableFuture.completedFuture(millis <= NOW ? 0 : end);
  }

  @Override
  public StandingPull stand(
      Topic topic, Topic.Subscription subscription, Consumer.PullRequest request) {
    throw new UnsupportedOperationException("HTTP has no standing pulls");
  }

  @Override
  public synchronized CompletionStage<List<Delivery>> pull(
      Topic topic, Topic.Subscription subscription, PullRequest request) {
    lastPull = request;
    if (pullFailure != null) {
      return CompletableFuture.failedFuture(pullFailure);
    }
    List<Delivery> deliveries = take(topic, subscription, request.max());
    if (!deliveries.isEmpty() || request.waitTime().isZero()) {
      return CompletableFuture.completedFuture(deliveries);
    }
    CompletableFuture<List<Delivery>> pull = new CompletableFuture<>();
    waiting.add(pull);
    return pull.<List<Delivery>>thenApply(
            empty -> {
              synchronized (this) {
                return take(topic, subscription, request.max());
              }
            })
        .completeOnTimeout(List.of(), request.waitTime().toMillis(), TimeUnit.MILLISECONDS);
  }

  private List<Delivery> take(Topic topic, Topic.Subscription subscription, int max) {
    List<Message> log = stored.get(topic.uid());
    int position = positions.get(subscription.uid());
    List<Delivery> deliveries = new ArrayList<>();
    while (position < log.size() && deliveries.size() < max) {
      Receipt receipt = new Receipt(subscription.uid(), 1, 0, position, 7, 1);
      leased.add(receipt);
      deliveries.add(new Delivery(receipt, log.get(position), 1, NOW, NOW + 30_000));
      position++;
    }
    positions.put(subscription.uid(), position);
    return deliveries;
  }

  @Override
  public synchronized CompletionStage<List<SettleStatus>> settle(
      Topic topic,
      Topic.Subscription subscription,
      SettleAction action,
      List<Receipt> receipts,
      Duration timeLeft) {
    lastAction = action;
    SettleStatus good =
        action instanceof SettleAction.Ack
            ? SettleStatus.ACKED
            : action instanceof SettleAction.Nack
                ? SettleStatus.NACKED
                : action instanceof SettleAction.Release
                    ? SettleStatus.RELEASED
                    : action instanceof SettleAction.Reject
                        ? SettleStatus.REJECTED
                        : SettleStatus.EXTENDED;
    return CompletableFuture.completedFuture(
        receipts.stream()
            .map(receipt -> leased.contains(receipt) ? good : SettleStatus.EXPIRED)
            .toList());
  }

  @Override
  public synchronized void release(
      Topic topic, Topic.Subscription subscription, List<Delivery> deliveries) {
    deliveries.forEach(delivery -> released.add(delivery.receipt().offset()));
    notifyAll();
  }

  synchronized void awaitReleased(int count) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (released.size() < count && System.nanoTime() < deadline) {
      wait(100);
    }
  }

  private static int indexOfId(List<Message> log, String id) {
    for (int i = 0; id != null && i < log.size(); i++) {
      if (id.equals(log.get(i).id())) {
        return i;
      }
    }
    return -1;
  }

  private static CompletionStage<Reply> done(Reply reply) {
    return CompletableFuture.completedFuture(reply);
  }
}
