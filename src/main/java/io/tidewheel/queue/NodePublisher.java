package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Publishes through one {@link Ingress} per topic of this node, within the node's byte budget. */
public final class NodePublisher implements Publisher {
  /** Time limits are cut to this. */
  private static final Duration MAX_TIME = Duration.ofDays(1);

  /** What a publish that the node has no room for is told. */
  public static final String TOO_MUCH = "too much is waiting to be stored on this node";

  private final ActorSystem<?> system;
  private final Ingress.Dependencies ingress;
  private final ByteBudget budget;
  private final RandomGenerator random;
  private final LongSupplier nanoTime;
  private final Map<Long, ActorRef<Ingress.Command>> ingresses = new ConcurrentHashMap<>();
  private final AtomicLong startCount = new AtomicLong();

  /**
   * A publisher.
   *
   * @param budget of messages that are not answered yet
   * @param retryAfter of silence a queue is passed over by messages with neither key nor id; null
   *     for never, which is right where all queues have the same disk
   * @param random thread-safe; names the incarnations of ingresses
   */
  public NodePublisher(
      ActorSystem<?> system,
      QueueRouter router,
      ByteBudget budget,
      @Nullable Duration retryAfter,
      RandomGenerator random,
      LongSupplier nanoTime) {
    this.system = system;
    this.ingress = new Ingress.Dependencies(router, nanoTime, retryAfter, this::forget);
    this.budget = budget;
    this.random = random;
    this.nanoTime = nanoTime;
  }

  @Override
  public CompletionStage<List<PublishResult>> publish(
      Topic topic, List<Message> messages, Duration timeLeft) {
    PublishResult refused = refusal(topic, messages);
    long weight = weightOf(messages);
    if (refused == null && !budget.tryTake(weight)) {
      refused = new PublishResult.Refused(PublishResult.Reason.OVER_LIMIT, TOO_MUCH);
    }
    if (refused != null || messages.isEmpty()) {
      PublishResult each = refused;
      return CompletableFuture.completedFuture(messages.stream().map(message -> each).toList());
    }
    CompletableFuture<List<PublishResult>> answer = new CompletableFuture<>();
    Duration time = timeLeft.compareTo(MAX_TIME) < 0 ? timeLeft : MAX_TIME;
    long deadlineNanos = nanoTime.getAsLong() + time.toNanos();
    ActorRef<Ingress.Command> chosen = ingressOf(topic);
    chosen.tell(new Ingress.Publish(new PublishCall(messages, deadlineNanos, answer)));
    if (ingresses.get(topic.uid()) != chosen) {
      // It ended at this moment, and may have left this call unread.
      PublishResult unknown = new PublishResult.Unknown("the topic was deleted meanwhile");
      answer.complete(messages.stream().map(message -> unknown).toList());
    }
    return answer.whenComplete((results, failure) -> budget.giveBack(weight));
  }

  @Override
  public boolean hasRoom(long bytes, long arrivingBytes) {
    return budget.hasRoom(bytes, arrivingBytes);
  }

  /** Topics that are published to from this node. */
  int ingressCount() {
    return ingresses.size();
  }

  private void forget(ActorRef<Ingress.Command> ended) {
    ingresses.values().remove(ended);
  }

  private static @Nullable PublishResult refusal(Topic topic, List<Message> messages) {
    int maxBytes = topic.settings().maxMessageBytes();
    for (Message message : messages) {
      if (message.payload().length > maxBytes) {
        return new PublishResult.Refused(
            PublishResult.Reason.TOO_LARGE,
            "a payload of "
                + message.payload().length
                + " bytes; the topic takes at most "
                + maxBytes);
      }
    }
    return null;
  }

  private ActorRef<Ingress.Command> ingressOf(Topic topic) {
    ActorRef<Ingress.Command> known = ingresses.get(topic.uid());
    return known != null
        ? known
        : ingresses.computeIfAbsent(topic.uid(), uid -> startIngress(topic));
  }

  private ActorRef<Ingress.Command> startIngress(Topic topic) {
    return system.systemActorOf(
        Ingress.create(
            topic.uid(),
            topic.settings().queues(),
            new SenderId(random.nextLong(), random.nextLong()),
            ingress),
        "ingress-" + topic.uid() + "-" + startCount.incrementAndGet(),
        Props.empty());
  }

  private static long weightOf(List<Message> messages) {
    long weight = 0;
    for (Message message : messages) {
      weight += message.weight();
    }
    return weight;
  }
}
