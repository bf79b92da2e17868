package io.tidewheel.feedback;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.Behaviors;
import akka.testkit.CallingThreadDispatcher;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.subscription.DequeueRates;
import io.tidewheel.subscription.Dispatched;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A {@code rateLimit} on three nodes with four queues each, three of the twelve with nine tenths of
 * the backlog: real relays and a real feedback actor, in virtual time. Nodes stand still now and
 * then, alone and together, and what they tell each other is late.
 */
final class RateOverNodes {
  private static final long MILLI = 1_000_000L;
  static final int RATE = 1_000;
  private static final int BACKLOG = 80_000;
  private static final int NODES = 3;
  private static final int QUEUES = 4;
  private static final DispatcherSelector HERE =
      DispatcherSelector.fromConfig(CallingThreadDispatcher.Id());

  private final ActorTestKit kit;
  private final AtomicLong nanos = new AtomicLong(1);
  private final Random random;
  private final int stallMillis;
  private final List<Node> nodes = new ArrayList<>();
  private final PriorityQueue<Later> later =
      new PriorityQueue<>(Comparator.comparingLong(Later::atNanos));
  private final ActorRef<SuccessFeedback.Command> actor;
  private final int[] given;
  private final long[] ofQueues = new long[NODES * QUEUES];

  /** Something that reaches a node. */
  private record Later(long atNanos, Node node, Runnable run) {}

  private final class Node implements NoBackends {
    private final long[] waiting = new long[QUEUES];
    private final long[] againNanos = new long[QUEUES];
    private final Dispatched subscription;
    private final ActorRef<FeedbackRelay.Command> relay;
    private final ActorRef<SuccessFeedback.Granted> back;
    private ActorRef<SuccessFeedback.Granted> replyTo;
    private long lookNanos;
    private long stallNanos;
    private long stalledUntilNanos;

    private Node(String name, SubscriptionSettings settings) {
      DequeueRates rates = new DequeueRates();
      CatalogSnapshot catalog = catalog(settings);
      this.relay =
          kit.spawn(
              FeedbackRelay.create(
                  new FeedbackRelay.Parts(
                      name,
                      rates,
                      () -> catalog,
                      this,
                      () -> NODES,
                      () -> 0,
                      new FeedbackFigures(),
                      nanos::get)),
              HERE);
      this.back =
          kit.spawn(
              Behaviors.receive(SuccessFeedback.Granted.class)
                  .onAnyMessage(
                      granted -> {
                        onItsWay(this, () -> replyTo.tell(granted));
                        return Behaviors.same();
                      })
                  .build(),
              HERE);
      this.subscription = new Dispatched(rates, 1, 2, settings);
      this.lookNanos = random.nextInt(250) * MILLI;
      this.stallNanos = nextStall();
    }

    /** Both ways take their time, and wait for a node that stands still. */
    @Override
    public void tell(long subscriptionUid, SuccessFeedback.Command command) {
      SuccessFeedback.Report report = (SuccessFeedback.Report) command;
      replyTo = report.replyTo();
      onItsWay(nodes.get(0), () -> actor.tell(withReplyTo(report, back)));
    }

    private boolean isStill(long now) {
      if (now >= stallNanos) {
        stalledUntilNanos = now + (1 + random.nextInt(stallMillis)) * MILLI;
        stallNanos = stalledUntilNanos + nextStall();
      }
      return now < stalledUntilNanos;
    }

    private int run(long now, int firstQueue) {
      if (now >= lookNanos) {
        relay.tell(new FeedbackRelay.Look());
        lookNanos = now + FeedbackRelay.LOOK.toNanos();
      }
      int sum = 0;
      for (int i = 0; i < QUEUES; i++) {
        if (now < againNanos[i] || waiting[i] == 0) {
          continue;
        }
        int got = subscription.give(i, 1 + random.nextInt(100), waiting[i], now);
        waiting[i] -= got;
        sum += got;
        ofQueues[firstQueue + i] += got;
        againNanos[i] =
            got > 0
                ? now + (1 + random.nextInt(10)) * MILLI
                : Math.max(now + MILLI, subscription.againNanos(i, now));
      }
      return sum;
    }
  }

  /**
   * A run.
   *
   * @param stallMillis longest time for which nodes stand still
   */
  RateOverNodes(ActorTestKit kit, int seconds, int stallMillis, long seed) {
    this.kit = kit;
    this.random = new Random(seed);
    this.stallMillis = stallMillis;
    this.given = new int[seconds * 1_000];
    this.actor = kit.spawn(SuccessFeedback.create(nanos::get, self -> {}), HERE);
    SubscriptionSettings settings =
        Changed.in(SubscriptionSettings.DEFAULTS, "rateLimit", (double) RATE);
    for (int i = 0; i < NODES; i++) {
      nodes.add(new Node("node-" + i, settings));
    }
    for (int i = 0; i < NODES * QUEUES; i++) {
      nodes.get(i % NODES).waiting[i / NODES] += BACKLOG / 10 / (NODES * QUEUES);
    }
    for (int i = 0; i < 3; i++) {
      nodes.get(random.nextInt(NODES)).waiting[random.nextInt(QUEUES)] += BACKLOG * 3 / 10;
    }
    for (int milli = 0; milli < given.length; milli++) {
      given[milli] = tick();
    }
  }

  private int tick() {
    long now = nanos.addAndGet(MILLI);
    if (random.nextInt(3_000) == 0) {
      long until = now + (1 + random.nextInt(stallMillis)) * MILLI;
      nodes.forEach(node -> node.stalledUntilNanos = Math.max(until, node.stalledUntilNanos));
    }
    List<Later> kept = new ArrayList<>();
    while (!later.isEmpty() && later.peek().atNanos <= now) {
      Later next = later.poll();
      if (now < next.node.stalledUntilNanos) {
        kept.add(next);
      } else {
        next.run.run();
      }
    }
    later.addAll(kept);
    if (now % (250 * MILLI) < MILLI && now >= nodes.get(0).stalledUntilNanos) {
      actor.tell(new SuccessFeedback.Look());
    }
    int sum = 0;
    for (int i = 0; i < NODES; i++) {
      sum += nodes.get(i).isStill(now) ? 0 : nodes.get(i).run(now, i * QUEUES);
    }
    return sum;
  }

  private long nextStall() {
    return (200 + random.nextInt(3_000)) * MILLI;
  }

  private void onItsWay(Node to, Runnable run) {
    long late = random.nextInt(10) == 0 ? random.nextInt(200) : 1 + random.nextInt(20);
    later.add(new Later(nanos.get() + late * MILLI, to, run));
  }

  /** Messages of the fullest time of this length from a moment on. */
  int most(int fromMillis, int lengthMillis) {
    int most = 0;
    for (int from = fromMillis; from + lengthMillis <= given.length; from += 10) {
      most = Math.max(most, count(from, from + lengthMillis));
    }
    return most;
  }

  /** The same of the emptiest. */
  int least(int fromMillis, int lengthMillis) {
    int least = Integer.MAX_VALUE;
    for (int from = fromMillis; from + lengthMillis <= given.length; from += 10) {
      least = Math.min(least, count(from, from + lengthMillis));
    }
    return least;
  }

  int count(int fromMillis, int toMillis) {
    int sum = 0;
    for (int milli = fromMillis; milli < toMillis; milli++) {
      sum += given[milli];
    }
    return sum;
  }

  /** What the queue that got least got. */
  long leastOfQueues() {
    return Arrays.stream(ofQueues).min().orElseThrow();
  }

  private static SuccessFeedback.Report withReplyTo(
      SuccessFeedback.Report report, ActorRef<SuccessFeedback.Granted> replyTo) {
    return new SuccessFeedback.Report(
        report.topicUid(),
        report.subscriptionUid(),
        report.node(),
        report.target(),
        report.windowNanos(),
        report.minRate(),
        report.rateLimit(),
        report.outcomes(),
        report.before(),
        report.dispatched(),
        report.isHeld(),
        report.isHeldElsewhere(),
        report.backlog(),
        report.healthyRate(),
        report.currentRate(),
        replyTo);
  }

  private static CatalogSnapshot catalog(SubscriptionSettings settings) {
    Topic.Subscription billing =
        new Topic.Subscription(
            2, "billing", 1, 0, settings, Topic.StartPosition.EARLIEST, 0, Topic.Stage.OPEN, false);
    Topic orders =
        new Topic(1, "orders", 1, 0, TopicSettings.defaults(1), false, Map.of("billing", billing));
    return CatalogSnapshot.of(1, new TreeMap<>(Map.of("orders", orders)));
  }
}
