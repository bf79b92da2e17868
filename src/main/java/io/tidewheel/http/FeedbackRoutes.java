package io.tidewheel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.feedback.BackendFeedback;
import io.tidewheel.feedback.BackendFeedback.Change;
import io.tidewheel.feedback.Feedback;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What is allowed and why; signals and budgets of backends. */
final class FeedbackRoutes {
  private static final int MAX_BODY_BYTES = 16 << 10;
  private static final int MAX_REASON_BYTES = 1_024;
  private static final double MAX_CALLS = 10_000_000;
  private static final Duration MIN_TTL = Duration.ofMillis(100);
  private static final Duration MAX_TTL = Duration.ofMinutes(10);
  private static final Duration DEFAULT_TTL = Duration.ofSeconds(30);

  private static final Set<String> SIGNALS = new TreeSet<>(Set.of("slow", "stop", "recovered"));

  private final Feedback feedback;
  private final FeedbackViews views;

  FeedbackRoutes(Broker broker, FeedbackViews views) {
    this.feedback = broker.feedback();
    this.views = views;
  }

  CompletionStage<Answer> get() {
    return views.now().thenApply(body -> Answer.of(Responses.json(200, body)));
  }

  CompletionStage<Answer> history() {
    return views.history().thenApply(body -> Answer.of(Responses.json(200, body)));
  }

  CompletionStage<Answer> backend(Call call) {
    return ask(call.backend(), null);
  }

  CompletionStage<Answer> deleteBudget(Call call) {
    return feedback
        .backend(call.backend(), new Change.Budget(null))
        .thenApply(
            answer -> {
              refuse(answer);
              return Answer.of(Responses.noContent());
            });
  }

  CompletionStage<Answer> putBudget(Call call) {
    return call.jsonBody(MAX_BODY_BYTES)
        .thenCompose(
            json -> {
              ObjectNode body = Json.object(json);
              FieldParser.refuseOthers(body, Set.of("budget"));
              JsonNode budget = body.get("budget");
              if (budget == null) {
                throw Problem.ofField(
                        ProblemType.MALFORMED, "/budget", "is missing: calls a second, or null")
                    .toException();
              }
              return ask(
                  call.backend(),
                  new Change.Budget(budget.isNull() ? null : calls(budget, "/budget")));
            });
  }

  CompletionStage<Answer> signal(Call call) {
    return call.jsonBody(MAX_BODY_BYTES)
        .thenCompose(json -> ask(call.backend(), change(Json.object(json))));
  }

  private static Change change(ObjectNode body) {
    FieldParser.refuseOthers(body, Set.of("signal", "rate", "ttl", "reason"));
    JsonNode signal = body.get("signal");
    if (signal == null || !signal.isTextual()) {
      throw FieldParser.wrongType("/signal", "one of " + String.join(", ", SIGNALS));
    }
    JsonNode rate = value(body, "rate");
    JsonNode ttl = value(body, "ttl");
    long ttlMillis = ttl == null ? DEFAULT_TTL.toMillis() : ttl(ttl);
    String reason = reason(value(body, "reason"));
    if (rate != null && !signal.textValue().equals("slow")) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, "/rate", "goes with the signal slow only")
          .toException();
    }
    return switch (signal.textValue()) {
      case "slow" -> new Change.Slow(rate == null ? null : calls(rate, "/rate"), ttlMillis, reason);
      case "stop" -> new Change.Halt(ttlMillis, reason);
      case "recovered" -> new Change.Recovered();
      default ->
          throw Problem.ofField(
                  ProblemType.NOT_ACCEPTED,
                  "/signal",
                  "must be one of " + String.join(", ", SIGNALS))
              .toException();
    };
  }

  private static @Nullable JsonNode value(ObjectNode body, String name) {
    JsonNode value = body.get(name);
    return value == null || value.isNull() ? null : value;
  }

  private static double calls(JsonNode value, String pointer) {
    if (!value.isNumber()) {
      throw FieldParser.wrongType(pointer, "a number of calls a second");
    }
    if (!(value.doubleValue() >= 0 && value.doubleValue() <= MAX_CALLS)) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, pointer, "must be from 0 to " + (long) MAX_CALLS)
          .toException();
    }
    return value.doubleValue();
  }

  private static long ttl(JsonNode value) {
    if (!value.isTextual()) {
      throw FieldParser.wrongType(
          "/ttl", "a duration with its unit as a string, such as \"250ms\" or \"30s\"");
    }
    Duration ttl = Call.duration("/ttl", value.textValue());
    if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, "/ttl", "must be from 100ms to 10m")
          .toException();
    }
    return ttl.toMillis();
  }

  private static @Nullable String reason(@Nullable JsonNode value) {
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw FieldParser.wrongType("/reason", "a string");
    }
    int bytes = Utf8.encodedLength(value.textValue());
    if (bytes < 0 || bytes > MAX_REASON_BYTES) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, "/reason", "is longer than " + MAX_REASON_BYTES + " bytes")
          .toException();
    }
    return value.textValue();
  }

  private CompletionStage<Answer> ask(String name, @Nullable Change change) {
    return feedback
        .backend(name, change)
        .thenApply(
            answer -> {
              refuse(answer);
              return Answer.of(Responses.json(200, FeedbackViews.write(name, answer)));
            });
  }

  private static void refuse(BackendFeedback.Answer answer) {
    String failure = answer.failure();
    if (failure != null) {
      throw Problem.of(ProblemType.UNAVAILABLE, failure)
          .withOutcome(Problem.Outcome.UNKNOWN)
          .toException();
    }
  }
}
