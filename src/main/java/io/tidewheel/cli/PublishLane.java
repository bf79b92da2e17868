package io.tidewheel.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.message.Limits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the messages of some keys, one batch at a time, so that each key keeps its order.
 * Several lanes run side by side; each message takes the lane of its key.
 *
 * <p>A batch whose outcome is unknown or that is refused for now is sent again until {@link
 * PublishRun#retryFor()} has passed. The ids make a repeat harmless.
 */
final class PublishLane implements Runnable {
  private static final long POLL_MILLIS = 100;

  /** Half of the broker's bound on a body, so that whatever the frame adds, it fits. */
  private static final int MAX_BATCH_BODY_BYTES = Limits.MAX_BATCH_BYTES / 2;

  private final PublishRun run;
  private final BlockingQueue<OutgoingMessage> waiting;
  private @Nullable OutgoingMessage next;

  PublishLane(PublishRun run) {
    this.run = run;
    this.waiting = new ArrayBlockingQueue<>(2 * run.batchSize());
  }

  /** Waits while the lane is full. */
  void put(OutgoingMessage message) throws InterruptedException {
    waiting.put(message);
  }

  @Override
  public void run() {
    try {
      while (!run.isStopping()) {
        List<OutgoingMessage> batch = nextBatch();
        if (batch.isEmpty() && run.isInputDone() && waiting.isEmpty()) {
          return;
        }
        if (!batch.isEmpty()) {
          publish(batch);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (CommandFailure e) {
      run.abort(e);
    } finally {
      run.laneDone();
    }
  }

  /** What is there now, up to the bounds; waits a little for the first one. */
  private List<OutgoingMessage> nextBatch() throws InterruptedException {
    List<OutgoingMessage> batch = new ArrayList<>();
    int bytes = 0;
    OutgoingMessage message =
        next != null ? next : waiting.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
    next = null;
    while (message != null) {
      bytes += message.encodedBytes();
      if (!batch.isEmpty() && bytes > MAX_BATCH_BODY_BYTES) {
        next = message;
        return batch;
      }
      batch.add(message);
      message = batch.size() < run.batchSize() ? waiting.poll() : null;
    }
    return batch;
  }

  private void publish(List<OutgoingMessage> batch) throws InterruptedException {
    Backoff backoff = new Backoff(run.terminal(), run.retryFor());
    List<OutgoingMessage> open = batch;
    while (!open.isEmpty()) {
      Attempt attempt = send(open);
      open = attempt.open();
      if (!open.isEmpty()) {
        if (!backoff.pause(attempt.retryAfterMillis(), run::isStopping)) {
          giveUp(open, attempt);
          return;
        }
        run.totals().retries.add(open.size());
      }
    }
  }

  private void giveUp(List<OutgoingMessage> open, Attempt attempt) {
    open.forEach(message -> settle(message, attempt.reason()));
    if (attempt.unreachable() != null && !run.isStopping()) {
      throw attempt.unreachable();
    }
  }

  /** What one request left open, and why. */
  private record Attempt(
      List<OutgoingMessage> open,
      String reason,
      long retryAfterMillis,
      @Nullable UnreachableException unreachable) {}

  private Attempt send(List<OutgoingMessage> batch) throws InterruptedException {
    Answer answer;
    boolean isSingle = batch.size() == 1 && batch.get(0).encodedBytes() > MAX_BATCH_BODY_BYTES;
    try {
      answer =
          isSingle ? sendRaw(batch.get(0)) : run.connection().post(run.batchPath(), encode(batch));
    } catch (UnreachableException e) {
      return new Attempt(batch, message(e), 0, e);
    }
    if (!answer.isSuccess()) {
      return refused(batch, answer.problem(), isSingle);
    }
    if (isSingle) {
      stored(batch.get(0), answer.json());
      return new Attempt(List.of(), "", 0, null);
    }
    return settle(batch, answer.json().path("results"));
  }

  private Attempt refused(List<OutgoingMessage> batch, Problem problem, boolean isSingle) {
    if (problem.isRetryable()) {
      return new Attempt(batch, problem.text(), problem.retryAfterMillis(), null);
    }
    batch.forEach(message -> settle(message, problem.text()));
    if (!isSingle) {
      // The whole request was not acceptable: neither will the next one be.
      throw problem.asFailure();
    }
    return new Attempt(List.of(), "", 0, null);
  }

  private Attempt settle(List<OutgoingMessage> batch, JsonNode results) {
    List<OutgoingMessage> open = new ArrayList<>();
    String reason = "the broker's answer has no result for it";
    for (int i = 0; i < batch.size(); i++) {
      JsonNode result = results.path(i);
      if (result.has("offset")) {
        stored(batch.get(i), result);
      } else if (result.has("error")) {
        Problem problem = Problem.of(500, result.get("error"), 0);
        if (problem.isRetryable()) {
          reason = problem.text();
          open.add(batch.get(i));
        } else {
          settle(batch.get(i), problem.text());
        }
      } else {
        settle(batch.get(i), reason);
      }
    }
    return new Attempt(open, reason, 0, null);
  }

  private void stored(OutgoingMessage message, JsonNode result) {
    run.totals().stored.increment();
    run.totals().storedBytes.add(message.payload().length);
    if (result.path("duplicate").asBoolean()) {
      run.totals().duplicates.increment();
    }
    run.free(message);
  }

  private void settle(OutgoingMessage message, String failure) {
    run.totals().fail(message, failure);
    run.free(message);
  }

  private Answer sendRaw(OutgoingMessage message) throws InterruptedException {
    HttpRequest.Builder request =
        run.connection()
            .request(run.singlePath())
            .header("Content-Type", message.contentType())
            .header("Idempotency-Key", message.id())
            .POST(BodyPublishers.ofByteArray(message.payload()));
    if (message.key() != null) {
      request.header("Tidewheel-Key", BrokerConnection.escape(message.key()));
    }
    return run.connection().send(request);
  }

  private static byte[] encode(List<OutgoingMessage> batch) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (JsonGenerator json = Json.MAPPER.createGenerator(body)) {
      json.writeStartObject();
      json.writeArrayFieldStart("messages");
      for (OutgoingMessage message : batch) {
        message.writeTo(json);
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return body.toByteArray();
  }

  private static String message(UnreachableException e) {
    String message = e.getMessage();
    return message == null ? "no answer" : message;
  }
}
