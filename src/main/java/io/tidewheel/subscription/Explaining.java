package io.tidewheel.subscription;

import io.tidewheel.subscription.Looks.Held;
import io.tidewheel.subscription.Sighting.State;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Names the one gate that holds a message, a key or a whole subscription. What a message waits for
 * comes before what holds everything; where both close, the answer names the first and says the
 * other in its details.
 */
final class Explaining {
  /** Unsettled messages that are looked at to find one that waits. */
  private static final int MAX_LOOKED_AT = 1_000;

  private final Deliveries known;
  private final Policy policy;
  private final Now now;
  private final Gates gates;
  private final Sightings sightings;
  private final @Nullable String trouble;

  /** At a moment at which the state is known; {@code trouble} of the store, null for none. */
  Explaining(Deliveries known, Policy policy, Now now, Gates gates, @Nullable String trouble) {
    this.known = known;
    this.policy = policy;
    this.now = now;
    this.gates = gates;
    this.sightings = new Sightings(known, now);
    this.trouble = trouble;
  }

  /** What holds the subscription. */
  Held why() {
    Gate outer = gates.outer(policy);
    if (known.whereabouts().backlog() == 0) {
      return known.window().outCount() == 0 ? nothing() : message(known.state().floor());
    }
    if (outer != null) {
      return closed(outer, -1);
    }
    return known.window().count(Slot.Place.READY) > 0 ? atTheGate(-1) : message(oldestThatWaits());
  }

  /** What holds a key. */
  Held why(String key) {
    long offset = policy.isOrdered() ? known.window().lines().firstOf(key) : -1;
    if (offset >= 0) {
      return message(offset);
    }
    boolean isAllRead = known.window().cursor() >= known.nextOffset();
    if (policy.isOrdered() && isAllRead) {
      return held(
          Gate.NOTHING,
          -1,
          0,
          "no message of this key that was read is unsettled",
          "publish one with this key");
    }
    Held all = why();
    return held(
        all.gate(),
        all.offset(),
        all.untilMillis(),
        (policy.isOrdered()
                ? "no message of this key is among those read so far; of the whole queue: "
                : "the subscription keeps no order by key; of the whole queue: ")
            + all.detail(),
        all.lift());
  }

  /** What holds a message. */
  Held why(long offset) {
    return sightings.at(offset) == null
        ? held(Gate.NOTHING, -1, 0, "the queue does not reach this offset", "publish more")
        : message(offset);
  }

  private Held message(long offset) {
    Sighting seen = sightings.at(offset);
    if (seen == null) {
      return nothing();
    }
    return switch (seen.state()) {
      case DISPATCHABLE -> atTheGate(offset);
      case LEASED ->
          held(
              Gate.LEASED,
              offset,
              seen.untilMillis(),
              (seen.detail() == null ? "it is with " + worker(seen) : seen.detail())
                  + until(seen.untilMillis()),
              "the worker settles it, or its lease ends");
      case WAITING -> seen.untilMillis() > 0 ? notDue(seen) : behind(seen);
      case UNREAD -> unread(seen);
      case DEAD -> dead(seen);
      case SETTLED -> held(Gate.SETTLED, offset, 0, "it is settled", "replay gives it out again");
      case FILTERED ->
          held(
              Gate.FILTERED,
              offset,
              0,
              "its headers are not what the subscription asks for",
              "change the filter, then replay it");
      case SKIPPED, UNKNOWN ->
          held(
              Gate.SKIPPED,
              offset,
              0,
              seen.detail() == null ? "it was passed over" : seen.detail(),
              "seek to before it, or replay it");
    };
  }

  private Held notDue(Sighting seen) {
    String last = seen.detail() == null ? "" : "; " + seen.detail();
    return held(
        Gate.NOT_DUE,
        seen.offset(),
        seen.untilMillis(),
        "it failed %d times and waits for its retry%s%s"
            .formatted(seen.attempts(), until(seen.untilMillis()), last),
        "its retry time comes");
  }

  private Held behind(Sighting seen) {
    long blocker = seen.blockedBy();
    Sighting first = blocker < 0 || blocker == seen.offset() ? null : sightings.at(blocker);
    if (first == null) {
      return held(
          Gate.READING, seen.offset(), 0, "its key is being looked at", "it comes by itself");
    }
    if (first.state() == State.DEAD) {
      return held(
          Gate.KEY_PARKED,
          blocker,
          0,
          "its key waits behind the dead letter at offset " + blocker,
          "redrive or replay offset %d, or set onDead to pass".formatted(blocker));
    }
    Held why = message(blocker);
    return held(
        Gate.KEY_BLOCKED,
        blocker,
        why.untilMillis(),
        "offset %d of its key comes first: %s".formatted(blocker, why.detail()),
        "offset %d is settled; %s".formatted(blocker, why.lift()));
  }

  private Held dead(Sighting seen) {
    String why = seen.detail() == null ? "it is a dead letter" : seen.detail();
    return held(
        Gate.DEAD,
        seen.offset(),
        0,
        seen.isHoldingKey() ? why + "; its key waits for it" : why,
        "redrive or replay it");
  }

  private Held unread(Sighting seen) {
    if (trouble != null) {
      return held(Gate.STORE, seen.offset(), 0, trouble, "the store answers again");
    }
    Gate outer = gates.outer(policy);
    if (outer != null) {
      return closed(outer, seen.offset());
    }
    String stop = known.stopReason(policy);
    return stop == null
        ? held(Gate.READING, seen.offset(), 0, "it is being read", "it comes by itself")
        : held(
            Gate.WINDOW,
            seen.offset(),
            0,
            "no more is read for now: " + stop,
            "something in the window is settled or given out");
  }

  /** Something is ready: what keeps it back is what giving out asks too. */
  private Held atTheGate(long offset) {
    Gate closed = gates.closed(known, policy);
    return closed(closed == null ? Gate.NO_WORKER : closed, offset);
  }

  private Held closed(Gate gate, long offset) {
    return switch (gate) {
      case NO_WORKER ->
          held(
              gate,
              offset,
              0,
              "it can be given out, and no worker with free capacity asks",
              "a worker pulls");
      case PAUSED -> held(gate, offset, 0, "the subscription is paused", "resume it");
      case IN_FLIGHT ->
          held(
              gate,
              offset,
              0,
              "%d are with workers, and maxInFlight is %d"
                  .formatted(known.window().outCount(), policy.settings().maxInFlight()),
              "workers settle some, or maxInFlight is raised");
      case RATE -> {
        long due = gates.dueNanos(known, policy, now);
        long opensAtMillis = due == Long.MAX_VALUE ? 0 : now.millisAt(due);
        yield held(
            gate,
            offset,
            opensAtMillis,
            "rateLimit is %s a second%s"
                .formatted(policy.settings().rateLimit(), until(opensAtMillis)),
            "time goes by, or rateLimit is raised");
      }
      case SUCCESS, BACKEND, CPU -> held(gate, offset, 0, gates.allowance().detail(), liftOf(gate));
      case STORE ->
          held(
              gate,
              offset,
              0,
              "this node may not write now, so nothing is given out",
              "the store is available again");
      case MOVING ->
          held(gate, offset, 0, "the queue stops or moves to another node", "it comes up again");
      case CLOSING -> held(gate, offset, 0, "the subscription is being deleted", "nothing");
      case RECORDS ->
          held(
              gate,
              offset,
              0,
              "too much is on record: " + known.stopReason(policy),
              "the oldest messages are settled");
      case KEY_BLOCKED,
          KEY_PARKED,
          LEASED,
          NOT_DUE,
          READING,
          WINDOW,
          DEAD,
          SETTLED,
          FILTERED,
          SKIPPED,
          NOTHING ->
          throw new IllegalArgumentException(gate + " holds single messages only");
    };
  }

  private static String liftOf(Gate gate) {
    return switch (gate) {
      case SUCCESS -> "deliveries succeed again; the rate then climbs by itself";
      case BACKEND -> "the backend recovers, its signal ends, or its budget is raised";
      default -> "the node is less busy";
    };
  }

  private Held nothing() {
    return held(Gate.NOTHING, -1, 0, "every message is settled", "publish one");
  }

  /** The first unsettled message that neither a worker has nor is dead; else the first. */
  private long oldestThatWaits() {
    SubscriptionState state = known.state();
    long floor = state.floor();
    long offset = floor;
    for (int i = 0; i < MAX_LOOKED_AT && offset < known.nextOffset(); i++) {
      Sighting seen = sightings.at(offset);
      if (seen != null && (seen.state() == State.WAITING || seen.state() == State.UNREAD)) {
        return offset;
      }
      offset = state.nextOpen(offset + 1);
    }
    return floor;
  }

  private static String worker(Sighting seen) {
    return seen.worker().isEmpty()
        ? "a worker that gave no name"
        : "worker " + seen.worker() + (seen.version().isEmpty() ? "" : " " + seen.version());
  }

  private static String until(long millis) {
    return millis > 0 ? " until " + Instant.ofEpochMilli(millis) : "";
  }

  private Held held(Gate gate, long offset, long untilMillis, String detail, String lift) {
    return new Held(
        gate,
        offset,
        untilMillis,
        detail,
        lift,
        gates.dispatchable(known, policy),
        known.whereabouts().backlog());
  }
}
