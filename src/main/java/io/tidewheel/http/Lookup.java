package io.tidewheel.http;

import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.message.Limits;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds topics and subscriptions in the catalog. What this node does not know is asked for once
 * before it is said not to exist.
 */
final class Lookup {
  private static final Duration MAX_REFRESH = Duration.ofSeconds(5);

  private final CatalogClient catalog;
  private final boolean isAutoCreate;

  Lookup(CatalogClient catalog, boolean isAutoCreate) {
    this.catalog = catalog;
    this.isAutoCreate = isAutoCreate;
  }

  /** A topic together with one of its subscriptions. */
  record Found(Topic topic, Topic.Subscription subscription) {}

  CompletionStage<Topic> topic(Call call) {
    return topic(call.topic(), call.timeLeft());
  }

  private CompletionStage<Topic> topic(String name, Duration timeLeft) {
    Topic known = catalog.current().topic(name);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    return catalog
        .refresh(timeout(timeLeft))
        .thenApply(
            snapshot -> {
              Topic topic = snapshot.topic(name);
              if (topic == null) {
                throw noTopic(name).toException();
              }
              return topic;
            });
  }

  /** A topic by its name; null if there is none. */
  CompletionStage<@Nullable Topic> find(String name, Duration timeLeft) {
    Topic known = catalog.current().topic(name);
    return known != null
        ? CompletableFuture.<@Nullable Topic>completedFuture(known)
        : catalog.refresh(timeout(timeLeft)).thenApply(snapshot -> snapshot.topic(name));
  }

  /** The topic, made now if that is allowed. */
  CompletionStage<Topic> topicToPublish(Call call) {
    return topicToPublish(call.topic(), call.timeLeft());
  }

  CompletionStage<Topic> topicToPublish(String name, Duration timeLeft) {
    Topic known = catalog.current().topic(name);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    return isAutoCreate
        ? catalog.ensureTopic(name, timeLeft).thenApply(Lookup::topicOf)
        : topic(name, timeLeft);
  }

  /** Whether a publish finds its topic, as far as this node knows. */
  boolean mayPublish(Call call) {
    return isAutoCreate || catalog.current().topic(call.topic()) != null;
  }

  /** What the topic takes as a payload, or would take if it were made now. */
  int maxMessageBytes(Call call) {
    Topic known = catalog.current().topic(call.topic());
    TopicSettings settings = known == null ? TopicSettings.defaults(1) : known.settings();
    return Math.min(settings.maxMessageBytes(), Limits.MAX_PAYLOAD_BYTES);
  }

  CompletionStage<Found> subscription(Call call) {
    Topic known = catalog.current().topic(call.topic());
    Topic.Subscription subscription =
        known == null ? null : known.subscription(call.subscription());
    if (known != null && subscription != null && subscription.stage() == Topic.Stage.OPEN) {
      return CompletableFuture.completedFuture(new Found(known, subscription));
    }
    if (call.isDefaultSubscription()) {
      return topic(call)
          .thenCompose(
              topic ->
                  catalog.ensureSubscription(topic.name(), call.subscription(), call.timeLeft()))
          .thenApply(Lookup::foundOf);
    }
    return catalog
        .refresh(timeout(call.timeLeft()))
        .thenApply(
            snapshot -> {
              Topic topic = snapshot.topic(call.topic());
              if (topic == null) {
                throw noTopic(call.topic()).toException();
              }
              return new Found(topic, open(topic, call.subscription()));
            });
  }

  private static Topic.Subscription open(Topic topic, String name) {
    Topic.Subscription subscription = topic.subscription(name);
    if (subscription == null || subscription.stage() == Topic.Stage.CLOSING) {
      throw noSubscription(topic.name(), name).toException();
    }
    if (subscription.stage() == Topic.Stage.OPENING) {
      throw Problem.of(
              ProblemType.UNAVAILABLE,
              "the subscription is being opened: not every queue has stored it yet")
          .toException();
    }
    return subscription;
  }

  static Problem noTopic(String topic) {
    return Problem.of(
        ProblemType.TOPIC_NOT_FOUND,
        "no topic " + Problem.quote(topic) + "; this creates it: PUT /v1/topics/" + topic);
  }

  static Problem noSubscription(String topic, String subscription) {
    return Problem.of(
        ProblemType.SUBSCRIPTION_NOT_FOUND,
        "the topic "
            + Problem.quote(topic)
            + " has no subscription "
            + Problem.quote(subscription)
            + "; this creates it: PUT /v1/topics/"
            + topic
            + "/subscriptions/"
            + subscription);
  }

  static Topic topicOf(CatalogClient.Reply reply) {
    if (reply instanceof CatalogClient.Created created) {
      return created.topic();
    }
    if (reply instanceof CatalogClient.Existing existing) {
      return existing.topic();
    }
    throw refusal(reply, () -> Problem.of(ProblemType.TOPIC_NOT_FOUND, "the topic is gone"))
        .toException();
  }

  static Found foundOf(CatalogClient.Reply reply) {
    if (reply instanceof CatalogClient.Created created && created.subscription() != null) {
      return new Found(created.topic(), created.subscription());
    }
    if (reply instanceof CatalogClient.Existing existing && existing.subscription() != null) {
      return new Found(existing.topic(), existing.subscription());
    }
    throw refusal(
            reply, () -> Problem.of(ProblemType.SUBSCRIPTION_NOT_FOUND, "the subscription is gone"))
        .toException();
  }

  /**
   * The problem for a change that the catalog did not make.
   *
   * @param notFound the problem if what should be changed is not there
   */
  static Problem refusal(CatalogClient.Reply reply, Supplier<Problem> notFound) {
    if (reply instanceof CatalogClient.NotFound) {
      return notFound.get();
    }
    if (reply instanceof CatalogClient.Invalid invalid) {
      List<Problem.FieldError> errors =
          invalid.errors().stream()
              .map(error -> new Problem.FieldError(error.pointer(), error.detail()))
              .toList();
      String detail =
          errors.isEmpty()
              ? "the settings are not valid"
              : errors.get(0).pointer() + ": " + errors.get(0).detail();
      return Problem.of(ProblemType.MALFORMED, detail).withErrors(errors);
    }
    if (reply instanceof CatalogClient.Conflict conflict) {
      return Problem.of(ProblemType.CONFLICT, conflict.detail());
    }
    if (reply instanceof CatalogClient.Unavailable unavailable) {
      return Problem.of(ProblemType.UNAVAILABLE, unavailable.detail())
          .withOutcome(
              unavailable.isRecorded() ? Problem.Outcome.UNKNOWN : Problem.Outcome.NOT_STORED);
    }
    throw new IllegalStateException("unexpected reply of the catalog: " + reply.getClass());
  }

  private static Duration timeout(Duration left) {
    return left.compareTo(MAX_REFRESH) < 0 ? left : MAX_REFRESH;
  }
}
