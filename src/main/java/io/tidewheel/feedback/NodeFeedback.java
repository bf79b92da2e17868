package io.tidewheel.feedback;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import io.tidewheel.dispatch.SameThread;
import io.tidewheel.message.Control;
import io.tidewheel.subscription.Allowance;
import io.tidewheel.subscription.WorkerTally;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@link Feedback} by asking the relays of all nodes and the actors of backends. */
public final class NodeFeedback implements Feedback {
  /** A relay looks at its own memory; people wait for the answer. */
  private static final Duration TIMEOUT = Duration.ofMillis(400);

  /** What a node said may stand so long for what it does not say in time. */
  private static final long STALE_NANOS = 15_000_000_000L;

  private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(8);

  /** Subscriptions that one node tells of; those that are bounded come first. */
  private static final int MAX_ROWS = 1_000;

  private final ActorSystem<?> system;
  private final ActorRef<FeedbackRelay.Command> relay;
  private final Supplier<List<ActorRef<FeedbackRelay.Command>>> others;
  private final FeedbackRouter router;
  private final LongSupplier nanoTime;
  private final Map<ActorRef<FeedbackRelay.Command>, Told> told = new ConcurrentHashMap<>();

  private record Told(Node node, long atNanos) {}

  /**
   * What one node says.
   *
   * @param busy share of its processors in use, by anybody, from 0 to 1
   * @param process the same by the broker's own process
   * @param share of what was given out before that may be given out while messages are published
   */
  public record Node(String node, double busy, double process, double share, List<Row> rows)
      implements Control {
    static Node of(
        String node, FeedbackRelay.Cpu cpu, Collection<LocalSubscription> all, long nowNanos) {
      List<Row> rows = new ArrayList<>();
      for (boolean isBounded : new boolean[] {true, false}) {
        all.stream()
            .filter(
                each -> isBounded == each.throttle().allowance().rate() < Double.POSITIVE_INFINITY)
            .limit(Math.max(0, MAX_ROWS - rows.size()))
            .forEach(each -> rows.add(Row.of(each, nowNanos)));
      }
      return new Node(node, cpu.busy(), cpu.process(), cpu.share(), List.copyOf(rows));
    }
  }

  /**
   * One subscription on one node.
   *
   * @param rate messages a second that it may give out; infinite for no bound but its own
   * @param limitShare the node's part of the subscription's {@code rateLimit}
   * @param dispatchRate messages a second that it gives out
   * @param success of deliveries from this node over the window, without sick workers; not a number
   *     if none came back
   */
  public record Row(
      long topicUid,
      long subscriptionUid,
      double rate,
      double limitShare,
      Allowance.Reason reason,
      String detail,
      double dispatchRate,
      double success,
      List<Sick> sickWorkers)
      implements Control {
    private static Row of(LocalSubscription local, long nowNanos) {
      Allowance allowance = local.throttle().allowance();
      Outcomes window = local.window(nowNanos);
      return new Row(
          local.throttle().topicUid(),
          local.throttle().subscriptionUid(),
          allowance.rate(),
          allowance.limitShare(),
          allowance.reason(),
          allowance.detail(),
          local.dispatchRate(),
          window.count() == 0 ? Double.NaN : window.success(),
          local.sickWorkers().stream().map(Sick::of).toList());
    }
  }

  /** A worker that fails where others succeed. */
  public record Sick(String worker, String version) implements Control {
    private static Sick of(WorkerTally tally) {
      return new Sick(tally.worker(), tally.version());
    }
  }

  /**
   * Asks from any thread.
   *
   * @param relay of this node
   * @param others the relays of the other nodes, as they are now
   * @param nanoTime a monotonic clock
   */
  public NodeFeedback(
      ActorSystem<?> system,
      ActorRef<FeedbackRelay.Command> relay,
      Supplier<List<ActorRef<FeedbackRelay.Command>>> others,
      FeedbackRouter router,
      LongSupplier nanoTime) {
    this.system = system;
    this.relay = relay;
    this.others = others;
    this.router = router;
    this.nanoTime = nanoTime;
  }

  @Override
  public CompletionStage<List<Node>> nodes() {
    List<ActorRef<FeedbackRelay.Command>> relays = new ArrayList<>();
    relays.add(relay);
    relays.addAll(others.get());
    told.keySet().retainAll(relays);
    List<CompletableFuture<@Nullable Node>> asked = relays.stream().map(this::ask).toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              List<Node> nodes = new ArrayList<>();
              for (CompletableFuture<@Nullable Node> each : asked) {
                Node node = each.join();
                if (node != null) {
                  nodes.add(node);
                }
              }
              return nodes;
            });
  }

  private CompletableFuture<@Nullable Node> ask(ActorRef<FeedbackRelay.Command> one) {
    return SameThread.of(
            AskPattern.<FeedbackRelay.Command, Node>ask(
                one, FeedbackRelay.Describe::new, TIMEOUT, system.scheduler()))
        .<@Nullable Node>handle((node, failure) -> failure == null ? said(one, node) : said(one))
        .toCompletableFuture();
  }

  private Node said(ActorRef<FeedbackRelay.Command> one, Node node) {
    told.put(one, new Told(node, nanoTime.getAsLong()));
    return node;
  }

  /** What it said before, if that is not long ago. */
  private @Nullable Node said(ActorRef<FeedbackRelay.Command> one) {
    Told before = told.get(one);
    return before == null || nanoTime.getAsLong() - before.atNanos > STALE_NANOS
        ? null
        : before.node;
  }

  @Override
  public CompletionStage<BackendFeedback.Answer> backend(
      String name, BackendFeedback.@Nullable Change change) {
    return router.ask(name, replyTo -> new BackendFeedback.Ask(change, replyTo), CHANGE_TIMEOUT);
  }

  @Override
  public void cost(long topicUid, long subscriptionUid, Map<String, Double> calls, int messages) {
    relay.tell(new FeedbackRelay.Cost(topicUid, subscriptionUid, Map.copyOf(calls), messages));
  }
}
