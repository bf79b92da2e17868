package io.tidewheel.catalog;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The catalog as a node sees it: reads are answered from the node's own view, changes go to the
 * catalog itself and are in the view when their answer comes. Safe for any thread.
 */
public interface CatalogClient {
  /** What this node knows now. Never blocks. */
  CatalogSnapshot current();

  /**
   * Asks the catalog itself, so that a topic made on another node a moment ago is found. Callers at
   * the same time share one question.
   *
   * @return fails with a {@link java.util.concurrent.TimeoutException} if the catalog did not
   *     answer
   */
  CompletionStage<CatalogSnapshot> refresh(Duration timeout);

  /**
   * Creates a topic or changes its settings.
   *
   * @param patch settings by name; absent keeps, null resets
   * @param ifRevision only if the topic is at this revision; null for any
   */
  CompletionStage<Reply> putTopic(
      String topic, ObjectNode patch, @Nullable Long ifRevision, Duration timeout);

  /**
   * Creates a topic with the given settings if there is none; the answer is {@link Existing} if
   * there is. For automatic creation and dead-letter topics.
   */
  CompletionStage<Reply> ensureTopic(String topic, Duration timeout);

  /**
   * Makes the dead-letter topic of a subscription with its pinning subscription {@code redrive}.
   */
  CompletionStage<Reply> ensureDeadLetterTopic(String topic, String subscription, Duration timeout);

  /**
   * Deletes a topic with its subscriptions.
   *
   * @return {@link Deleted} once every queue has stored it
   */
  CompletionStage<Reply> deleteTopic(String topic, @Nullable Long ifRevision, Duration timeout);

  /** Creates a subscription, answered once every queue has stored it, or changes its settings. */
  CompletionStage<Reply> putSubscription(
      String topic,
      String subscription,
      ObjectNode patch,
      @Nullable Long ifRevision,
      Duration timeout);

  /** Creates a subscription with default settings if there is none. */
  CompletionStage<Reply> ensureSubscription(String topic, String subscription, Duration timeout);

  CompletionStage<Reply> deleteSubscription(
      String topic, String subscription, @Nullable Long ifRevision, Duration timeout);

  /**
   * Deletes this very subscription.
   *
   * @return {@link NotFound} if it is gone, also if another one has its name; {@link Conflict} if
   *     it was changed since
   */
  CompletionStage<Reply> expireSubscription(
      Topic topic, Topic.Subscription subscription, Duration timeout);

  /** What came of a change. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Created.class, name = "created"),
    @JsonSubTypes.Type(value = Existing.class, name = "existing"),
    @JsonSubTypes.Type(value = Deleted.class, name = "deleted"),
    @JsonSubTypes.Type(value = NotFound.class, name = "not-found"),
    @JsonSubTypes.Type(value = Invalid.class, name = "invalid"),
    @JsonSubTypes.Type(value = Conflict.class, name = "conflict"),
    @JsonSubTypes.Type(value = Unavailable.class, name = "unavailable")
  })
  sealed interface Reply {}

  /** Made; {@code subscription} is null if the topic itself was. */
  record Created(Topic topic, Topic.@Nullable Subscription subscription) implements Reply {}

  /** It was there, and is as asked now. */
  record Existing(Topic topic, Topic.@Nullable Subscription subscription) implements Reply {}

  record Deleted() implements Reply {}

  /** No such topic, or no such subscription of it. */
  record NotFound(String what) implements Reply {}

  /** Settings that are not acceptable: nothing was changed. */
  record Invalid(List<FieldError> errors) implements Reply {}

  /** Changed by someone else, or a setting that is fixed at creation: nothing was changed. */
  record Conflict(String detail) implements Reply {}

  /**
   * Not now: the catalog or a queue did not answer in time.
   *
   * @param isRecorded whether the change is, or may be, recorded and is then completed; a repeat
   *     finds out. If false nothing was stored
   */
  record Unavailable(String detail, boolean isRecorded) implements Reply {}

  /** What is wrong with a field, by its JSON pointer. */
  record FieldError(String pointer, String detail) {}
}
