package io.tidewheel.catalog;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** A change as {@link CatalogClient} describes it. Each may be repeated. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
@JsonSubTypes({
  @JsonSubTypes.Type(value = CatalogChange.PutTopic.class, name = "put-topic"),
  @JsonSubTypes.Type(value = CatalogChange.EnsureTopic.class, name = "ensure-topic"),
  @JsonSubTypes.Type(value = CatalogChange.EnsureDeadLetterTopic.class, name = "ensure-dead"),
  @JsonSubTypes.Type(value = CatalogChange.DeleteTopic.class, name = "delete-topic"),
  @JsonSubTypes.Type(value = CatalogChange.PutSubscription.class, name = "put-subscription"),
  @JsonSubTypes.Type(value = CatalogChange.EnsureSubscription.class, name = "ensure-subscription"),
  @JsonSubTypes.Type(value = CatalogChange.DeleteSubscription.class, name = "delete-subscription"),
  @JsonSubTypes.Type(value = CatalogChange.ExpireSubscription.class, name = "expire-subscription")
})
sealed interface CatalogChange extends CatalogLog.Command {
  record PutTopic(String topic, ObjectNode patch, @Nullable Long ifRevision)
      implements CatalogChange {}

  record EnsureTopic(String topic) implements CatalogChange {}

  record EnsureDeadLetterTopic(String topic, String subscription) implements CatalogChange {}

  record DeleteTopic(String topic, @Nullable Long ifRevision) implements CatalogChange {}

  record PutSubscription(
      String topic, String subscription, ObjectNode patch, @Nullable Long ifRevision)
      implements CatalogChange {}

  record EnsureSubscription(String topic, String subscription) implements CatalogChange {}

  record DeleteSubscription(String topic, String subscription, @Nullable Long ifRevision)
      implements CatalogChange {}

  record ExpireSubscription(
      String topic, String subscription, long subscriptionUid, long ifRevision)
      implements CatalogChange {}
}
