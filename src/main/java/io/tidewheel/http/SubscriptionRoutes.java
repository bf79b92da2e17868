package io.tidewheel.http;

import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.queue.Inspector;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Creating, changing, showing, pausing and deleting subscriptions. */
final class SubscriptionRoutes {
  private final CatalogClient catalog;
  private final Inspector inspector;
  private final Lookup lookup;
  private final Feedback feedback;

  SubscriptionRoutes(Broker broker, Lookup lookup) {
    this.catalog = broker.catalog();
    this.inspector = broker.inspector();
    this.lookup = lookup;
    this.feedback = broker.feedback();
  }

  CompletionStage<Answer> put(Call call) {
    return call.jsonBody(TopicRoutes.MAX_BODY_BYTES)
        .thenCompose(body -> change(call, Json.object(body)));
  }

  CompletionStage<Answer> pause(Call call, boolean isPaused) {
    return call.jsonBody(TopicRoutes.MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              if (!Json.object(body).isEmpty()) {
                throw Problem.ofField(ProblemType.MALFORMED, "", "this call takes no fields")
                    .toException();
              }
              return lookup.subscription(call);
            })
        .thenCompose(found -> change(call, Json.newObject().put("paused", isPaused)));
  }

  CompletionStage<Answer> get(Call call) {
    return lookup.subscription(call).thenCompose(found -> answer(call, found, false));
  }

  CompletionStage<Answer> delete(Call call) {
    return lookup
        .topic(call)
        .thenCompose(
            topic -> {
              Topic.Subscription known = topic.subscription(call.subscription());
              Long revision = Revisions.condition(call, revision(known));
              return catalog.deleteSubscription(
                  topic.name(), call.subscription(), revision, call.timeLeft());
            })
        .thenApply(
            reply -> {
              if (reply instanceof CatalogClient.Deleted) {
                return Answer.of(Responses.noContent());
              }
              throw Lookup.refusal(
                      reply, () -> Lookup.noSubscription(call.topic(), call.subscription()))
                  .toException();
            });
  }

  private CompletionStage<Answer> change(Call call, ObjectNode patch) {
    return lookup
        .topic(call)
        .thenCompose(
            topic -> {
              Topic.Subscription known = topic.subscription(call.subscription());
              Long revision = Revisions.condition(call, revision(known));
              return catalog.putSubscription(
                  topic.name(), call.subscription(), patch, revision, call.timeLeft());
            })
        .thenCompose(
            reply -> answer(call, Lookup.foundOf(reply), reply instanceof CatalogClient.Created));
  }

  private CompletionStage<Answer> answer(Call call, Lookup.Found found, boolean isCreated) {
    Topic topic = found.topic();
    Topic.Subscription subscription = found.subscription();
    CompletionStage<List<Inspector.QueueStatus>> inspection =
        TopicRoutes.inspect(inspector, topic, call);
    return inspection.thenCombine(
        feedback.nodes(),
        (statuses, nodes) -> {
          HttpResponse response =
              Responses.json(isCreated ? 201 : 200, resource(topic, subscription, statuses, nodes));
          response = Responses.withRevision(response, subscription.revision());
          return Answer.of(
              isCreated
                  ? Responses.with(
                      response,
                      "Location",
                      "/v1/topics/" + topic.name() + "/subscriptions/" + subscription.name())
                  : response);
        });
  }

  private static ObjectNode resource(
      Topic topic,
      Topic.Subscription subscription,
      List<Inspector.QueueStatus> statuses,
      List<NodeFeedback.Node> nodes) {
    ObjectNode node = ResourceWriter.subscription(topic, subscription, statuses);
    AllowanceWriter.write(node, new Allowances(nodes).of(subscription, null));
    return node;
  }

  private static @Nullable Long revision(Topic.@Nullable Subscription subscription) {
    return subscription == null ? null : subscription.revision();
  }
}
