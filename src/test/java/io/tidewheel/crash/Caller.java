package io.tidewheel.crash;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.History.Operation;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes without a pause, one request at a time, single messages and small batches. Half of what
 * a crash leaves unanswered is published again with the same id as soon as the broker is back.
 */
final class Caller implements Runnable {
  private static final int MAX_BATCH = 10;
  private static final long PAUSE_AFTER_REFUSAL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private static final long PAUSE_WHILE_DEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final int number;
  private final BrokerClient client;
  private final History history;
  private final RoundGate gate;
  private final SplittableRandom random;
  private final Deque<MessageId> unanswered = new ArrayDeque<>();
  private int counter;

  Caller(
      int number, BrokerClient client, History history, RoundGate gate, SplittableRandom random) {
    this.number = number;
    this.client = client;
    this.history = history;
    this.gate = gate;
    this.random = random;
  }

  @Override
  public void run() {
    try {
      while (gate.pass()) {
        MessageId again = unanswered.poll();
        if (again != null) {
          publish(again, Operation.REPEAT);
        } else if (random.nextInt(4) == 0) {
          publish(next(), Operation.PUBLISH_SINGLE);
        } else {
          publishBatch();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private MessageId next() {
    return new MessageId(number, counter++);
  }

  private void publish(MessageId id, Operation operation) throws InterruptedException {
    HttpRequest.Builder request =
        client
            .request(CrashTest.TOPIC_PATH + "/messages")
            .header("Content-Type", "application/octet-stream")
            .header("Idempotency-Key", id.text());
    if (id.keyNumber() >= 0) {
      request.header("Tidewheel-Key", "k" + id.keyNumber());
    }
    history.record("publish", id, checker -> checker.publishing(id));
    try {
      BrokerClient.Reply reply =
          client.send(request.POST(BodyPublishers.ofByteArray(id.payload())));
      if (reply.status() < 300) {
        stored(id, reply.body());
        history.succeeded(operation);
      } else {
        refused(id, reply.body());
      }
    } catch (ConnectException e) {
      notSent(List.of(id));
    } catch (IOException e) {
      unknown(id, String.valueOf(e.getMessage()));
    }
  }

  private void publishBatch() throws InterruptedException {
    List<MessageId> ids = new ArrayList<>();
    ObjectNode body = BrokerClient.MAPPER.createObjectNode();
    ArrayNode messages = body.putArray("messages");
    for (int i = random.nextInt(MAX_BATCH); i >= 0; i--) {
      MessageId id = next();
      ids.add(id);
      ObjectNode message = messages.addObject().put("id", id.text());
      if (id.keyNumber() >= 0) {
        message.put("key", "k" + id.keyNumber());
      }
      message.put("bodyBase64", id.payload());
      history.record("publish", id, checker -> checker.publishing(id));
    }
    try {
      BrokerClient.Reply reply = client.post(CrashTest.TOPIC_PATH + "/messages:batch", body);
      JsonNode results = reply.body().path("results");
      if (reply.status() >= 300) {
        ids.forEach(id -> refused(id, reply.body()));
        return;
      }
      for (int i = 0; i < ids.size(); i++) {
        JsonNode result = results.path(i);
        if (result.has("offset")) {
          stored(ids.get(i), result);
        } else {
          refused(ids.get(i), result.path("error"));
        }
      }
      history.succeeded(Operation.PUBLISH_BATCH);
    } catch (ConnectException e) {
      notSent(ids);
    } catch (IOException e) {
      ids.forEach(id -> unknown(id, String.valueOf(e.getMessage())));
    }
  }

  private void stored(MessageId id, JsonNode result) {
    int queue = result.path("queue").asInt();
    long offset = result.path("offset").asLong();
    history.record(
        "published",
        id,
        queue,
        offset,
        checker -> {
          checker.published(id, queue, offset);
          return true;
        });
  }

  private void refused(MessageId id, JsonNode problem) {
    if (problem.path("outcome").asText().equals("not_stored")) {
      history.record("refused", id, checker -> checker.refused(id));
      LockSupport.parkNanos(PAUSE_AFTER_REFUSAL_NANOS);
    } else {
      unknown(id, problem.path("type").asText());
    }
  }

  /** Nobody listened: it cannot have been stored. Others of the round notice the same soon. */
  private void notSent(List<MessageId> ids) {
    ids.forEach(id -> history.record("not-sent", id, checker -> checker.refused(id)));
    LockSupport.parkNanos(PAUSE_WHILE_DEAD_NANOS);
  }

  private void unknown(MessageId id, String reason) {
    history.note("unknown", id.text() + ' ' + reason.replace('"', ' ').replace('\\', ' '));
    if (random.nextBoolean()) {
      unanswered.add(id);
    }
  }
}
