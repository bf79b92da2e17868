package io.tidewheel.worker;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Publisher;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Redriving;
import io.tidewheel.subscription.Redriving.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Redrives over a dead-letter topic in a list; every step is noted, and may be made to fail. */
final class RedriveFixture implements QueueRouter, Browser, Publisher {
  static final long TOPIC = 5;
  static final long SUBSCRIPTION = 7;
  static final long LETTERS = 9;
  static final long PIN = 10;
  static final long AT = 1_700_000_000_000L;

  final ManualTime time;

  /** What happened, in order: {@code reopen 3}, {@code store 3}, {@code discharge [3]}. */
  final List<String> steps = new ArrayList<>();

  /** Dead letters, by offset. */
  final List<Message> log = new ArrayList<>();

  final Set<Long> settled = new TreeSet<>();
  final Set<Long> held = new TreeSet<>();

  /** What is answered for messages of the topic, by offset; settled if it is not here. */
  final Map<Long, Outcome> outcomes = new HashMap<>();

  /** What comes of storing messages of the topic, by offset; stored if it is not here. */
  final Map<Long, PublishResult> results = new HashMap<>();

  final List<Message> copies = new ArrayList<>();
  final List<Long> storedAtNanos = new ArrayList<>();
  boolean isDischargeLost;
  boolean isBroken;
  PublishResult nextResult;
  CompletableFuture<Void> storeGate = CompletableFuture.completedFuture(null);

  private final AtomicLong nanos = new AtomicLong();
  private final ActorRef<Redrives.Command> redrives;
  private RedriveProgress progress = RedriveProgress.NONE;

  RedriveFixture(ActorTestKit kit) {
    time = ManualTime.get(kit.system());
    redrives = kit.spawn(Redrives.create(new Redrives.Parts(this, this, this, nanos::get)));
  }

  /** A letter of the message at an offset, in queue 0. */
  void die(long offset, String key, String reason) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("own", "value");
    headers.put("tidewheel-dead-reason", reason);
    headers.put("tidewheel-dead-queue", "0");
    headers.put("tidewheel-dead-offset", Long.toString(offset));
    headers.put("tidewheel-dead-id", "id-" + offset);
    byte[] payload = ("m" + offset).getBytes(StandardCharsets.UTF_8);
    log.add(Message.of(payload).withKey(key).withHeaders(headers));
  }

  CompletableFuture<Redrive> begin(String name, RedriveRequest request) {
    CompletableFuture<Redrive> started = new CompletableFuture<>();
    redrives.tell(
        new Redrives.Start(
            new Redrives.Task(
                name,
                topic(TOPIC, "orders"),
                subscription(SUBSCRIPTION),
                topic(LETTERS, "orders~billing"),
                PIN,
                request,
                this::note,
                new CompletableFuture<>()),
            started));
    return started;
  }

  Redrive start(RedriveRequest request) throws Exception {
    return begin("first", request).get(10, TimeUnit.SECONDS);
  }

  /** Starts one and lets time pass until it ends. */
  RedriveProgress run(RedriveRequest request) throws Exception {
    finish(start(request));
    return progress();
  }

  /** Lets time pass, a tenth of a second at a time, until it ends. */
  void finish(Redrive redrive) throws Exception {
    finish(redrive, Duration.ofMillis(100));
  }

  void finish(Redrive redrive, Duration tick) throws Exception {
    CompletableFuture<Void> end = redrive.end().toCompletableFuture();
    for (int i = 0; i < 200 && !end.isDone(); i++) {
      pass(tick);
    }
    end.get(1, TimeUnit.SECONDS);
  }

  /** Time passes, after actors had a moment to do what they can. */
  void pass(Duration by) {
    nanos.addAndGet(by.toNanos());
    time.timePasses(by);
  }

  synchronized RedriveProgress progress() {
    return progress;
  }

  private synchronized void note(RedriveProgress newest) {
    progress = newest;
  }

  @Override
  public synchronized void tell(long topicUid, int queue, Queue.Command command) {
    Queue.ToReader routed = (Queue.ToReader) command;
    if (routed.command() instanceof Redriving.FindOpen find) {
      find(find);
    } else if (routed.command() instanceof Redriving.Reopen reopen) {
      Outcome outcome = outcomes.getOrDefault(reopen.offset(), Outcome.SETTLED);
      steps.add("reopen " + reopen.offset());
      reopen.replyTo().tell(new Redriving.Reopened(reopen.letter(), outcome));
    } else if (routed.command() instanceof Redriving.Discharge discharge) {
      steps.add("discharge " + discharge.offsets());
      if (isDischargeLost) {
        discharge.replyTo().tell(new Redriving.Discharged(discharge.offsets().get(0), false));
      } else {
        settled.addAll(discharge.offsets());
        discharge.replyTo().tell(new Redriving.Discharged(discharge.offsets().get(0), true));
      }
    }
  }

  private void find(Redriving.FindOpen find) {
    long end = Math.min(find.end(), log.size());
    List<Long> offsets = new ArrayList<>();
    List<Long> heldNow = new ArrayList<>();
    for (long offset = find.from(); offset < end; offset++) {
      if (!settled.contains(offset)) {
        (held.contains(offset) ? heldNow : offsets).add(offset);
      }
    }
    int count = offsets.size() + heldNow.size();
    find.replyTo().tell(new Redriving.Found(find.from(), 1, offsets, heldNow, end, count, end));
  }

  @Override
  public synchronized CompletionStage<List<MessageBatch>> read(
      Topic topic, int queue, long fromOffset, long endOffset, long maxBytes) {
    // Rows of seven, and a read that is cut short after thirty.
    List<MessageBatch> batches = new ArrayList<>();
    long first = fromOffset - fromOffset % 7;
    long stop = Math.min(Math.min(endOffset, log.size()), fromOffset + 30);
    for (long at = first; at < stop; at += 7) {
      int to = (int) Math.min(at + 7, log.size());
      batches.add(new MessageBatch(at + 1, at, AT + at, List.copyOf(log.subList((int) at, to))));
    }
    return CompletableFuture.completedFuture(batches);
  }

  @Override
  public CompletionStage<Long> firstOffsetSince(Topic topic, int queue, long millis) {
    throw new AssertionError("nobody asks");
  }

  @Override
  public synchronized CompletionStage<List<PublishResult>> publish(
      Topic topic, List<Message> messages, Duration timeLeft) {
    if (isBroken) {
      throw new IllegalStateException("a defect, made by the test");
    }
    List<PublishResult> results = new ArrayList<>();
    for (Message message : messages) {
      String offset = message.headers().get("tidewheel-replay-offset");
      steps.add("store " + offset);
      PublishResult planned = this.results.getOrDefault(Long.valueOf(offset), nextResult);
      if (planned != null) {
        results.add(planned);
      } else {
        copies.add(message);
        storedAtNanos.add(nanos.get());
        results.add(new PublishResult.Stored(0, copies.size(), false));
      }
    }
    return storeGate.thenApply(open -> results);
  }

  synchronized List<String> steps() {
    return List.copyOf(steps);
  }

  static RedriveRequest all() {
    return request(Integer.MAX_VALUE, RedriveRequest.MAX_RATE, false);
  }

  static RedriveRequest request(int max, int rate, boolean isDryRun) {
    return new RedriveRequest(
        Set.of(), null, null, Long.MIN_VALUE, Long.MAX_VALUE, max, rate, isDryRun);
  }

  private static Topic topic(long uid, String name) {
    return new Topic(uid, name, 1, 0, TopicSettings.defaults(1), false, Map.of());
  }

  private static Topic.Subscription subscription(long uid) {
    return new Topic.Subscription(
        uid,
        "billing",
        1,
        0,
        SubscriptionSettings.DEFAULTS,
        Topic.StartPosition.EARLIEST,
        0,
        Topic.Stage.OPEN,
        false);
  }
}
