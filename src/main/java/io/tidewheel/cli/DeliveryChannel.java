package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Pulls from one subscription and settles its deliveries. What is refused for now or unanswered is
 * asked again until a limit; repeating an ack is harmless. Safe for any thread.
 */
final class DeliveryChannel {
  /** Made by its first use, but only by that path. */
  static final String DEFAULT = "default";

  private final Terminal terminal;
  private final BrokerConnection connection;
  private final String path;
  private final Duration retryFor;
  private volatile boolean hasAnswered;

  /**
   * A channel to one subscription.
   *
   * @param subscription null for the topic's default one
   */
  DeliveryChannel(
      Terminal terminal,
      BrokerConnection connection,
      String topic,
      @Nullable String subscription,
      Duration retryFor) {
    this.terminal = terminal;
    this.connection = connection;
    this.path =
        (subscription == null || subscription.equals(DEFAULT)
                ? TopicCommand.path(topic)
                : SubscriptionCommand.path(topic, subscription))
            + "/messages:";
    this.retryFor = retryFor;
  }

  /** Up to {@code max} messages; none when none came within {@code wait}. */
  List<PulledMessage> pull(int max, String wait, String lease, BooleanSupplier isStopping)
      throws InterruptedException {
    ObjectNode body = Json.MAPPER.createObjectNode();
    body.put("max", max).put("wait", wait).put("lease", lease);
    Answer answer = send("pull", body, isStopping);
    if (answer == null) {
      return List.of();
    }
    try {
      return PullAnswerParser.parse(answer.body());
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.FAILED, "the answer to a pull cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Settles or extends deliveries, also while the command is stopping.
   *
   * @param verb as in the path
   * @param reason for a nack; else null
   * @return how many were as asked; the others had expired
   */
  int settle(String verb, List<String> receipts, @Nullable String reason)
      throws InterruptedException {
    Backoff backoff = new Backoff(terminal, retryFor);
    List<String> open = receipts;
    int done = 0;
    while (!open.isEmpty()) {
      ObjectNode body = Json.MAPPER.createObjectNode();
      ArrayNode list = body.putArray("receipts");
      open.forEach(list::add);
      if (reason != null) {
        body.put("reason", reason);
      }
      Answer answer = send(verb, body, () -> false);
      if (answer == null) {
        throw new CommandFailure(ExitCodes.FAILED, "the broker did not take the " + verb);
      }
      List<String> again = new ArrayList<>();
      for (JsonNode result : answer.json().path("results")) {
        String status = result.path("status").asText();
        if (status.equals("retry")) {
          again.add(result.path("receipt").asText());
        } else if (!status.equals("expired") && !status.equals("invalid")) {
          done++;
        }
      }
      open = again;
      if (!open.isEmpty() && !backoff.pause(0, () -> false)) {
        throw new CommandFailure(ExitCodes.FAILED, "the broker could not store the " + verb);
      }
    }
    return done;
  }

  /** The first success; null when stopping. Before the first answer ever nothing is repeated. */
  private @Nullable Answer send(String verb, ObjectNode body, BooleanSupplier isStopping)
      throws InterruptedException {
    byte[] json = Json.compact(body).getBytes(StandardCharsets.UTF_8);
    Backoff backoff = new Backoff(terminal, retryFor);
    while (true) {
      CommandFailure failure;
      long retryAfterMillis = 0;
      try {
        Answer answer = connection.post(path + verb, json);
        hasAnswered = true;
        if (answer.isSuccess()) {
          return answer;
        }
        Problem problem = answer.problem();
        failure = problem.asFailure();
        if (!problem.isRetryable()) {
          throw failure;
        }
        retryAfterMillis = problem.retryAfterMillis();
      } catch (UnreachableException e) {
        failure = e;
        if (!hasAnswered) {
          throw failure;
        }
      }
      if (!backoff.pause(retryAfterMillis, isStopping)) {
        if (isStopping.getAsBoolean()) {
          return null;
        }
        throw failure;
      }
    }
  }
}
