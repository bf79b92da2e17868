package io.tidewheel.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpCharsets;
import akka.http.javadsl.model.MediaTypes;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.cluster.ClusterStatus;
import io.tidewheel.cluster.ClusterStatus.MemberStatus;
import io.tidewheel.message.Limits;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What is about the node itself: health, metrics, the description of the API. */
final class NodeRoutes {
  private static final ContentType PROMETHEUS =
      MediaTypes.TEXT_PLAIN.toContentType(HttpCharsets.UTF_8);

  private final Broker broker;
  private final boolean hasBenchRoute;
  private final ByteString openApi;
  private final TopicMetrics topicMetrics;

  NodeRoutes(Broker broker, boolean hasBenchRoute) {
    this.broker = broker;
    this.hasBenchRoute = hasBenchRoute;
    this.topicMetrics = new TopicMetrics(broker);
    this.openApi = ByteString.fromArrayUnsafe(OpenApi.read());
  }

  /**
   * Reads the body and does nothing with it: what HTTP alone costs, to compare a publish with.
   * There only if the setting says so.
   */
  CompletionStage<Answer> bench(Call call) {
    if (!hasBenchRoute) {
      throw Router.notFound();
    }
    return call.body(Limits.MAX_PAYLOAD_BYTES)
        .thenApply(body -> Answer.of(Responses.json(200, new JsonBytes(2).literal("{}"))));
  }

  /** The description of all this. */
  CompletionStage<Answer> openApi() {
    return CompletableFuture.completedFuture(
        Answer.of(Responses.bytes(200, ContentTypes.APPLICATION_JSON, openApi)));
  }

  /** The process runs and answers. */
  CompletionStage<Answer> live() {
    return done(200, new JsonBytes(32).literal("{\"status\":\"up\"}"));
  }

  /** Whether this node can serve: 200 or 503. */
  CompletionStage<Answer> ready() {
    boolean isReady = broker.readiness().isReady().getAsBoolean();
    JsonBytes json = new JsonBytes(64).literal("{\"status\":\"");
    json.literal(isReady ? "ready" : "not-ready").literal("\",\"detail\":");
    json.string(broker.readiness().detail().get()).literal("}");
    return done(isReady ? 200 : 503, json);
  }

  /** Who is a member, as this node sees it. */
  CompletionStage<Answer> cluster() {
    return broker.cluster().get().thenApply(status -> Answer.of(Responses.json(200, json(status))));
  }

  static ObjectNode json(ClusterStatus status) {
    ObjectNode node = Json.newObject();
    node.put("node", status.node());
    node.put("serving", status.isServing());
    node.put("detail", status.detail());
    node.put("quorum", status.quorum());
    node.put("brokers", status.brokers());
    node.put("leaseMillisLeft", status.leaseMillisLeft());
    ArrayNode waitsFor = node.putArray("waitsFor");
    status.waitsFor().forEach(waitsFor::add);
    ArrayNode members = node.putArray("members");
    for (MemberStatus member : status.members()) {
      ObjectNode one = members.addObject();
      one.put("node", member.node());
      one.put("uid", Long.toHexString(member.uid()));
      ArrayNode roles = one.putArray("roles");
      member.roles().forEach(roles::add);
      one.put("zone", member.zone());
      one.put("status", member.status());
      one.put("reachable", member.isReachable());
      one.put("oldest", member.isOldest());
      one.put("awakeQueues", member.awakeQueues());
      one.put("url", member.url());
    }
    return node;
  }

  /** All meters in the text form of Prometheus. */
  CompletionStage<Answer> metrics(Call call) {
    String topic = call.query("topic");
    if (topic != null) {
      return topicMetrics
          .of(topic)
          .thenApply(
              text -> Answer.of(Responses.bytes(200, PROMETHEUS, ByteString.fromString(text))));
    }
    return CompletableFuture.completedFuture(
        Answer.of(
            Responses.bytes(200, PROMETHEUS, ByteString.fromString(broker.metrics().scrape()))));
  }

  private static CompletionStage<Answer> done(int status, JsonBytes json) {
    return CompletableFuture.completedFuture(Answer.of(Responses.json(status, json)));
  }
}
