package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.worker.Redrive;
import io.tidewheel.worker.RedriveFailedException;
import io.tidewheel.worker.RedriveProgress;
import io.tidewheel.worker.RedriveRefusedException;
import io.tidewheel.worker.RedriveRequest;
import io.tidewheel.worker.Redriver;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Giving dead letters back to their subscription, as an operation. */
final class RedriveRoutes {
  private final Redriver redriver;
  private final Lookup lookup;
  private final Operations operations;

  RedriveRoutes(Broker broker, Lookup lookup, Operations operations) {
    this.redriver = broker.redriver();
    this.lookup = lookup;
    this.operations = operations;
  }

  CompletionStage<Answer> redrive(Call call) {
    return call.jsonBody(RedriveBody.MAX_BYTES)
        .thenCompose(
            body -> {
              RedriveRequest request = RedriveBody.read(body);
              return lookup.subscription(call).thenCompose(found -> start(call, found, request));
            });
  }

  private CompletionStage<Answer> start(Call call, Lookup.Found found, RedriveRequest request) {
    CompletableFuture<Redrive> started = new CompletableFuture<>();
    CompletionStage<Redrive> begun = started;
    Operation operation =
        operations.begin(
            "redrive",
            "/v1/topics/" + call.topic() + "/subscriptions/" + call.subscription(),
            () -> begun.thenAccept(Redrive::cancel));
    show(operation, request, RedriveProgress.NONE);
    return redriver
        .start(
            found.topic(),
            found.subscription(),
            request,
            operation.path(),
            call.timeLeft(),
            progress -> show(operation, request, progress))
        .handle(
            (redrive, failure) -> {
              if (failure != null) {
                operations.forget(operation);
                throw asProblem(failure);
              }
              started.complete(redrive);
              operation.endWith(redrive.end().exceptionally(RedriveRoutes::fail), operations);
              return Operations.accepted(operation);
            });
  }

  private static RuntimeException asProblem(Throwable failure) {
    if (Failures.cause(failure) instanceof RedriveRefusedException refused) {
      ProblemType type =
          switch (refused.why()) {
            case CONFLICT -> ProblemType.CONFLICT;
            case TOO_MANY -> ProblemType.OVER_LIMIT;
            case NOT_NOW -> ProblemType.UNAVAILABLE;
          };
      return Problem.of(type, String.valueOf(refused.getMessage())).toException();
    }
    return new CompletionException(Failures.cause(failure));
  }

  private static Void fail(Throwable failure) {
    if (Failures.cause(failure) instanceof RedriveFailedException failed) {
      throw Problem.of(
              ProblemType.UNAVAILABLE,
              failed.getMessage() + "; what is left is redriven by another redrive")
          .withOutcome(Problem.Outcome.UNKNOWN)
          .toException();
    }
    throw new CompletionException(Failures.cause(failure));
  }

  private static void show(Operation operation, RedriveRequest request, RedriveProgress progress) {
    ObjectNode result = Json.newObject();
    result.put("dryRun", request.isDryRun());
    result.put("selected", progress.selected());
    result.put("bytes", progress.bytes());
    result.put("redriven", progress.redriven());
    result.put("skipped", progress.skipped());
    result.put("failed", progress.failed());
    ArrayNode first = result.putArray("first");
    for (RedriveProgress.Shown shown : progress.first()) {
      first
          .addObject()
          .put("deadLetter", shown.letter())
          .put("diedAt", Instant.ofEpochMilli(shown.atMillis()).toString())
          .put("queue", shown.queue())
          .put("offset", shown.offset())
          .put("id", shown.id())
          .put("key", shown.key())
          .put("reason", shown.reason())
          .put("bytes", shown.bytes());
    }
    operation.progress(progress.scanned(), progress.total());
    operation.describe(result);
  }
}
