package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.monitor.Rates;
import io.tidewheel.monitor.Seen;
import io.tidewheel.monitor.Sum;
import io.tidewheel.queue.Inspector.QueueStatus;
import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A line of the list of what waits: a subscription on one queue or on all, or a topic.
 *
 * @param subscription null for a whole topic
 * @param queue null for all of them
 * @param figures null if none of its queues was awake since the node started
 */
record BacklogRow(
    Topic topic,
    Topic.@Nullable Subscription subscription,
    @Nullable Integer queue,
    Set<String> nodes,
    @Nullable Figures figures) {

  /**
   * What is counted.
   *
   * @param oldestAtMillis 0 for none
   * @param drainSeconds until the last subscription has settled what waits for it now
   */
  record Figures(
      long backlog,
      long waiting,
      long leased,
      long dispatchable,
      long oldestAtMillis,
      long lag,
      long dead,
      int workers,
      Rates rates,
      long drainSeconds,
      @Nullable String stopReason) {
    static final Figures NONE = new Figures(0, 0, 0, 0, 0, 0, 0, 0, Rates.NONE, 0, null);

    private static Figures of(Sum sum) {
      return new Figures(
          sum.backlog(),
          sum.waiting(),
          sum.leased(),
          sum.dispatchable(),
          sum.oldestAtMillis(),
          sum.lag(),
          sum.dead(),
          sum.workers(),
          sum.rates(),
          sum.rates().drainSeconds(sum.backlog()),
          sum.stopReason());
    }
  }

  /** From what a queue says now; what only the board knows comes from there. */
  static BacklogRow of(
      Topic topic,
      Topic.Subscription subscription,
      QueueStatus queue,
      Reader.Status reader,
      @Nullable Seen seen) {
    Rates rates = seen == null ? Rates.NONE : seen.rates();
    return new BacklogRow(
        topic,
        subscription,
        queue.queue(),
        queue.node() == null ? Set.of() : Set.of(queue.node()),
        new Figures(
            reader.backlog(),
            reader.waiting(),
            reader.leased(),
            reader.dispatchable(),
            reader.oldestAtMillis(),
            Math.max(0, queue.nextOffset() - reader.floor()),
            reader.deadCount(),
            seen == null ? 0 : seen.standing().row().tally().workers(),
            rates,
            rates.drainSeconds(reader.backlog()),
            reader.stopReason()));
  }

  /** From the board alone. */
  static BacklogRow of(
      Topic topic, Topic.Subscription subscription, int queue, @Nullable Seen seen) {
    List<Seen> rows = seen == null ? List.of() : List.of(seen);
    return of(topic, subscription, queue, rows);
  }

  /** A subscription on all its queues. */
  static BacklogRow of(Topic topic, Topic.Subscription subscription, List<Seen> rows) {
    return of(topic, subscription, null, rows);
  }

  private static BacklogRow of(
      Topic topic, Topic.Subscription subscription, @Nullable Integer queue, List<Seen> rows) {
    Sum sum = Sum.of(rows);
    return new BacklogRow(
        topic, subscription, queue, sum.nodes(), rows.isEmpty() ? null : Figures.of(sum));
  }

  /** A topic: what comes in comes in once, however many subscriptions there are. */
  static BacklogRow of(Topic topic, List<BacklogRow> subscriptions) {
    Set<String> nodes = new TreeSet<>();
    Figures sum = null;
    double in = 0;
    for (BacklogRow row : subscriptions) {
      nodes.addAll(row.nodes());
      Figures one = row.figures();
      if (one != null) {
        in = Math.max(in, one.rates().in());
        sum = sum == null ? one : plus(sum, one);
      }
    }
    Figures figures =
        sum == null
            ? null
            : new Figures(
                sum.backlog(),
                sum.waiting(),
                sum.leased(),
                sum.dispatchable(),
                sum.oldestAtMillis(),
                sum.lag(),
                sum.dead(),
                sum.workers(),
                new Rates(in, sum.rates().out(), sum.rates().failed()),
                sum.drainSeconds(),
                sum.stopReason());
    return new BacklogRow(topic, null, null, nodes, figures);
  }

  static Figures plus(Figures one, Figures other) {
    return new Figures(
        one.backlog() + other.backlog(),
        one.waiting() + other.waiting(),
        one.leased() + other.leased(),
        one.dispatchable() + other.dispatchable(),
        Sum.older(one.oldestAtMillis(), other.oldestAtMillis()),
        one.lag() + other.lag(),
        one.dead() + other.dead(),
        one.workers() + other.workers(),
        one.rates().plus(other.rates()),
        later(one.drainSeconds(), other.drainSeconds()),
        one.stopReason() == null ? other.stopReason() : one.stopReason());
  }

  private static long later(long one, long other) {
    return one == Rates.NEVER || other == Rates.NEVER ? Rates.NEVER : Math.max(one, other);
  }

  /** Zeros if nothing is known. */
  Figures known() {
    return figures == null ? Figures.NONE : figures;
  }

  /** Rows without anything unsettled come last. */
  long oldest() {
    long oldest = known().oldestAtMillis();
    return oldest == 0 ? Long.MAX_VALUE : oldest;
  }

  String subscriptionName() {
    return subscription == null ? "" : subscription.name();
  }

  int queueNumber() {
    return queue == null ? 0 : queue;
  }

  boolean isPaused() {
    return subscription != null && subscription.settings().isPaused();
  }

  /** With what feedback of these nodes allows. */
  void write(ObjectNode node, List<NodeFeedback.Node> feedback) {
    node.put("topic", topic.name());
    if (subscription != null) {
      node.put("subscription", subscription.name());
    } else {
      node.put("subscriptions", topic.subscriptions().size());
    }
    if (queue != null) {
      node.put("queue", queue);
      node.put("node", nodes.isEmpty() ? null : nodes.iterator().next());
    } else {
      node.put("queues", topic.settings().queues());
      var names = node.putArray("nodes");
      nodes.forEach(names::add);
    }
    Figures known = figures;
    if (known == null) {
      node.put("asleep", true);
    } else {
      write(node, known);
    }
    if (subscription != null) {
      String at = queue == null || nodes.isEmpty() ? null : nodes.iterator().next();
      AllowanceWriter.write(
          subscription.settings(), AllowanceWriter.rows(feedback, subscription.uid(), at), node);
      node.put("paused", isPaused());
    }
  }

  private void write(ObjectNode node, Figures known) {
    node.put("backlog", known.backlog());
    node.put("waiting", known.waiting());
    node.put("leased", known.leased());
    node.put("dispatchable", known.dispatchable());
    time(node, "oldestAt", known.oldestAtMillis());
    node.put("lag", known.lag());
    node.put("deadLetters", known.dead());
    node.put("workers", known.workers());
    rates(node, known.rates(), known.drainSeconds(), subscription == null ? 0 : known.workers());
    if (known.stopReason() != null) {
      node.put("stopReason", known.stopReason());
    }
  }

  /** A row of the board as the stream tells it. */
  static void write(ObjectNode node, Row row, Rates rates) {
    node.put("backlog", row.backlog());
    node.put("waiting", row.tally().waiting());
    node.put("leased", row.leased());
    node.put("dispatchable", row.dispatchable());
    time(node, "oldestAt", row.oldestAtMillis());
    node.put("lag", row.tally().lag());
    node.put("deadLetters", row.tally().dead());
    node.put("workers", row.tally().workers());
    rates(node, rates, rates.drainSeconds(row.backlog()), row.tally().workers());
    if (row.tally().stopReason() != null) {
      node.put("stopReason", row.tally().stopReason());
    }
    node.put("asleep", row.isAsleep());
  }

  /** Rates, and what they come to. */
  static void rates(ObjectNode node, Rates rates, long drainSeconds, int workers) {
    node.put("inRate", rounded(rates.in()));
    node.put("outRate", rounded(rates.out()));
    node.put("failRate", rounded(rates.failed()));
    node.put("drainEta", drainSeconds == Rates.NEVER ? null : drainSeconds + "s");
    int needed = rates.workersNeeded(workers);
    node.put("workersNeeded", needed > 0 ? Integer.valueOf(needed) : null);
  }

  private static void time(ObjectNode node, String name, long millis) {
    if (millis > 0) {
      node.put(name, Instant.ofEpochMilli(millis).toString());
    }
  }

  private static double rounded(double rate) {
    return Math.round(rate * 100) / 100.0;
  }
}
