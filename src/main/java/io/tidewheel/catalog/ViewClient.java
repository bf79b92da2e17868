package io.tidewheel.catalog;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Reads the snapshot without a lock; gives changes to the node's {@link CatalogView}. */
record ViewClient(ActorRef<CatalogView.Command> view, PublishedCatalog published)
    implements CatalogClient {
  @Override
  public CatalogSnapshot current() {
    return published.get();
  }

  @Override
  public CompletionStage<CatalogSnapshot> refresh(Duration timeout) {
    CompletableFuture<CatalogSnapshot> promise = new CompletableFuture<>();
    view.tell(new CatalogView.Refresh(timeout, promise));
    return promise;
  }

  @Override
  public CompletionStage<Reply> putTopic(
      String topic, ObjectNode patch, @Nullable Long ifRevision, Duration timeout) {
    return change(new CatalogChange.PutTopic(topic, patch, ifRevision), timeout);
  }

  @Override
  public CompletionStage<Reply> ensureTopic(String topic, Duration timeout) {
    return change(new CatalogChange.EnsureTopic(topic), timeout);
  }

  @Override
  public CompletionStage<Reply> ensureDeadLetterTopic(
      String topic, String subscription, Duration timeout) {
    return change(new CatalogChange.EnsureDeadLetterTopic(topic, subscription), timeout);
  }

  @Override
  public CompletionStage<Reply> deleteTopic(
      String topic, @Nullable Long ifRevision, Duration timeout) {
    return change(new CatalogChange.DeleteTopic(topic, ifRevision), timeout);
  }

  @Override
  public CompletionStage<Reply> putSubscription(
      String topic,
      String subscription,
      ObjectNode patch,
      @Nullable Long ifRevision,
      Duration timeout) {
    return change(
        new CatalogChange.PutSubscription(topic, subscription, patch, ifRevision), timeout);
  }

  @Override
  public CompletionStage<Reply> ensureSubscription(
      String topic, String subscription, Duration timeout) {
    return change(new CatalogChange.EnsureSubscription(topic, subscription), timeout);
  }

  @Override
  public CompletionStage<Reply> deleteSubscription(
      String topic, String subscription, @Nullable Long ifRevision, Duration timeout) {
    return change(new CatalogChange.DeleteSubscription(topic, subscription, ifRevision), timeout);
  }

  @Override
  public CompletionStage<Reply> expireSubscription(
      Topic topic, Topic.Subscription subscription, Duration timeout) {
    return change(
        new CatalogChange.ExpireSubscription(
            topic.name(), subscription.name(), subscription.uid(), subscription.revision()),
        timeout);
  }

  private CompletionStage<Reply> change(CatalogChange change, Duration timeout) {
    CompletableFuture<Reply> promise = new CompletableFuture<>();
    view.tell(new CatalogView.Change(change, timeout, promise));
    return promise;
  }
}
