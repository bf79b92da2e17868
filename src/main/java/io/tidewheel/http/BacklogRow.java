package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
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
    @Nullable Sum figures) {

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
        new Sum(
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
    Set<String> nodes = new TreeSet<>();
    rows.forEach(seen -> nodes.add(seen.standing().home().node()));
    return new BacklogRow(topic, subscription, queue, nodes, rows.isEmpty() ? null : Sum.of(rows));
  }

  /** A topic: what comes in comes in once, however many subscriptions there are. */
  static BacklogRow of(Topic topic, List<BacklogRow> subscriptions) {
    Set<String> nodes = new TreeSet<>();
    Sum sum = null;
    double in = 0;
    for (BacklogRow row : subscriptions) {
      nodes.addAll(row.nodes());
      Sum one = row.figures();
      if (one != null) {
        in = Math.max(in, one.rates().in());
        sum = sum == null ? one : sum.plus(one);
      }
    }
    return new BacklogRow(topic, null, null, nodes, sum == null ? null : sum.withIn(in));
  }

  /** Zeros if nothing is known. */
  Sum known() {
    return figures == null ? Sum.NOTHING : figures;
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

  /** With what may be given out. */
  void write(ObjectNode node, Allowances allowances) {
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
    Sum known = figures;
    if (known == null) {
      node.put("asleep", true);
    } else {
      write(node, known, subscription == null ? 0 : known.workers());
    }
    if (subscription != null) {
      String at = queue == null || nodes.isEmpty() ? null : nodes.iterator().next();
      AllowanceWriter.write(node, allowances.of(subscription, at));
      node.put("paused", isPaused());
    }
  }

  /** A row of the board as the stream tells it. */
  static void write(ObjectNode node, Row row, Rates rates) {
    write(node, Sum.of(row, rates), row.tally().workers());
    node.put("asleep", row.isAsleep());
  }

  private static void write(ObjectNode node, Sum known, int workers) {
    node.put("backlog", known.backlog());
    node.put("waiting", known.waiting());
    node.put("leased", known.leased());
    node.put("dispatchable", known.dispatchable());
    if (known.oldestAtMillis() > 0) {
      node.put("oldestAt", Instant.ofEpochMilli(known.oldestAtMillis()).toString());
    }
    node.put("lag", known.lag());
    node.put("deadLetters", known.dead());
    node.put("workers", known.workers());
    rates(node, known.rates(), known.drainSeconds(), workers);
    if (known.stopReason() != null) {
      node.put("stopReason", known.stopReason());
    }
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

  private static double rounded(double rate) {
    return Math.round(rate * 100) / 100.0;
  }
}
