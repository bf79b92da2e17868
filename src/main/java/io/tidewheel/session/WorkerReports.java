package io.tidewheel.session;

import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.BackendFeedback.Change;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.message.Names;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.session.frame.FrameException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Passes on what the workers of a session tell of backends. Part of the actor of its session.
 *
 * <ol>
 *   <li>A worker speaks for the backends of its subscription, and for no others.
 *   <li>What is said again within {@link #AGAIN_NANOS} is passed on once, as each signal is stored.
 * </ol>
 */
final class WorkerReports {
  private static final double THOUSAND = 1_000;

  /** Of one delivery, in thousandths. */
  private static final long MAX_CALLS = 1_000_000L * 1_000;

  private static final int MAX_REASON = 1_000;
  private static final long DEFAULT_TTL_MILLIS = 30_000;
  private static final long MIN_TTL_MILLIS = 100;
  private static final long MAX_TTL_MILLIS = 600_000;
  private static final long AGAIN_NANOS = 1_000_000_000L;

  private final SessionBroker broker;
  private final Map<String, Said> said = new HashMap<>();

  private record Said(Frame.Signal signal, long rate, long atNanos) {}

  WorkerReports(SessionBroker broker) {
    this.broker = broker;
  }

  void onCost(SessionSubscription by, Frame.Cost cost) {
    Topic topic = by.topic();
    Topic.Subscription subscription = by.subscription();
    if (topic == null || subscription == null || cost.messages() <= 0) {
      return;
    }
    Map<String, Double> calls = new HashMap<>();
    cost.calls()
        .forEach(
            (backend, thousandths) -> {
              check(backend);
              if (thousandths > MAX_CALLS * cost.messages()) {
                throw new FrameException(
                    CloseCode.MALFORMED, "more than 1000000 calls of a delivery");
              }
              calls.put(backend, thousandths / THOUSAND);
            });
    broker.feedback().cost(topic.uid(), subscription.uid(), calls, cost.messages());
  }

  void onPushback(SessionSubscription by, Frame.Pushback pushback) {
    String backend = pushback.backend();
    check(backend);
    long now = broker.nanoTime().getAsLong();
    if (!backends(by).contains(backend) || isRepeated(pushback, now)) {
      return;
    }
    said.put(backend, new Said(pushback.signal(), pushback.rate(), now));
    Feedback feedback = broker.feedback();
    // A worker that is not heard says it again with the next call that fails.
    var unused = feedback.backend(backend, change(pushback));
  }

  private boolean isRepeated(Frame.Pushback pushback, long now) {
    Said last = said.get(pushback.backend());
    return last != null
        && last.signal == pushback.signal()
        && last.rate == pushback.rate()
        && now - last.atNanos < AGAIN_NANOS;
  }

  /** As the settings are now. */
  private List<String> backends(SessionSubscription by) {
    Topic topic = by.topic();
    Topic.Subscription subscription = by.subscription();
    Topic.Subscription there =
        topic == null || subscription == null
            ? null
            : broker.catalog().current().subscription(topic.uid(), subscription.uid());
    return there == null ? List.of() : List.copyOf(there.settings().backends());
  }

  private static Change change(Frame.Pushback pushback) {
    long asked = pushback.ttlMillis() == 0 ? DEFAULT_TTL_MILLIS : pushback.ttlMillis();
    long ttl = Math.max(MIN_TTL_MILLIS, Math.min(MAX_TTL_MILLIS, asked));
    Double rate = pushback.rate() < 0 ? null : pushback.rate() / THOUSAND;
    return switch (pushback.signal()) {
      case SLOW -> new Change.Slow(rate, ttl, reason(pushback));
      case STOP -> new Change.Halt(ttl, reason(pushback));
      case RECOVERED -> new Change.Recovered();
    };
  }

  private static @Nullable String reason(Frame.Pushback pushback) {
    String reason = pushback.reason();
    return reason == null || reason.length() <= MAX_REASON
        ? reason
        : reason.substring(0, MAX_REASON);
  }

  private static void check(String backend) {
    if (!Names.isValid(backend)) {
      throw new FrameException(
          CloseCode.MALFORMED, "no name for a backend, which must be " + Names.rule());
    }
  }
}
