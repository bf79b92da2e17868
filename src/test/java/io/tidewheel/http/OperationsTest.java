package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OperationsTest {
  private final AtomicLong nanos = new AtomicLong();
  private final List<Runnable> delayed = new ArrayList<>();
  private final Operations operations =
      new Operations(
          null,
          () -> Instant.EPOCH,
          nanos::incrementAndGet,
          new Incidents(nanos::incrementAndGet),
          delayed::add);

  @Test
  void tellsProgressAndEnd() {
    Operation operation = operations.begin("redrive", "/v1/topics/t/subscriptions/s", null);
    CompletableFuture<Void> work = new CompletableFuture<>();
    operation.endWith(work, operations);
    operation.progress(5, 20);
    assertThat(operation.toJson().toString())
        .contains("\"state\":\"running\"", "\"done\":5,\"total\":20", "\"endedAt\":null");
    work.complete(null);
    assertThat(operation.toJson().toString())
        .contains("\"state\":\"done\"", "\"done\":20", "\"endedAt\":\"1970");
    assertThat(operations.find(operation.id())).isSameAs(operation);
    assertThat(operations.find("x")).isNull();
  }

  @Test
  void anIdSaysWhichNodeToAsk() {
    Operations first = of("10.0.0.1:7355");
    Operations second = of("10.0.0.2:7355");
    String id = first.begin("redrive", "/", null).id();
    assertThat(id).endsWith("@10.0.0.1:7355");
    assertThat(first.find(id)).isNotNull();
    assertThat(first.otherNode(id)).isNull();
    assertThat(second.otherNode(id)).isEqualTo("10.0.0.1:7355");
    assertThat(operations.otherNode("9a0c51d27e5bb1f3")).isNull();
  }

  private Operations of(String node) {
    return new Operations(
        node,
        () -> Instant.EPOCH,
        nanos::incrementAndGet,
        new Incidents(nanos::incrementAndGet),
        delayed::add);
  }

  @Test
  void stopsWhatCanBeStopped() {
    CompletableFuture<Void> work = new CompletableFuture<>();
    Operation operation =
        operations.begin(
            "seek", "/", () -> work.completeExceptionally(new CancellationException("asked")));
    operation.endWith(work, operations);
    operation.cancel();
    operation.cancel();
    assertThat(operation.toJson().get("state").asText()).isEqualTo("cancelled");
    Operation fixed = operations.begin("delete", "/", null);
    assertThatThrownBy(fixed::cancel)
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().type()).isEqualTo(ProblemType.CONFLICT));
  }

  @Test
  void saysWhyItFailed() {
    Operation operation = operations.begin("redrive", "/", null);
    operation.endWith(
        CompletableFuture.failedFuture(Problem.of(ProblemType.DISK_FULL, "no space").toException()),
        operations);
    assertThat(operation.toJson().at("/error/status").asInt()).isEqualTo(507);
  }

  @Test
  void forgetsTheOldestThatHasEndedAndRefusesWhenAllRun() {
    Operation ended = operations.begin("redrive", "/", null);
    Operation running = operations.begin("redrive", "/", null);
    ended.endWith(CompletableFuture.completedFuture(null), operations);
    for (int i = 2; i < Operations.MAX_KEPT + 1; i++) {
      operations.begin("redrive", "/", null);
    }
    assertThat(operations.find(ended.id())).isNull();
    assertThat(operations.find(running.id())).isSameAs(running);
    assertThat(operations.all()).hasSize(Operations.MAX_KEPT);
    assertThatThrownBy(() -> operations.begin("redrive", "/", null))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().type()).isEqualTo(ProblemType.OVER_LIMIT));
  }

  @Test
  void answersShortWorkItselfAndLongWorkWithAnOperation() {
    CompletableFuture<String> work = new CompletableFuture<>();
    CompletableFuture<Void> rest = new CompletableFuture<>();
    CompletionStage<Answer> answer = answer(work, rest);
    delayed.forEach(Runnable::run);
    Answer accepted = answer.toCompletableFuture().join();
    assertThat(accepted.response().status().intValue()).isEqualTo(202);
    Operation operation = operations.all().get(0);
    assertThat(accepted.response().getHeader("Location").orElseThrow().value())
        .isEqualTo(operation.path());
    work.complete("late");
    assertThat(operation.hasEnded()).isFalse();
    rest.complete(null);
    assertThat(operation.hasEnded()).isTrue();

    CompletableFuture<String> soon = new CompletableFuture<>();
    CompletionStage<Answer> direct = answer(soon, rest);
    soon.complete("x");
    delayed.forEach(Runnable::run);
    assertThat(direct.toCompletableFuture().join().response().status().intValue()).isEqualTo(204);
    assertThat(operations.all()).hasSize(1);
  }

  private CompletionStage<Answer> answer(
      CompletableFuture<String> work, CompletableFuture<Void> rest) {
    return operations.answerSoon(
        "delete", "/", work, done -> Answer.of(Responses.noContent()), () -> rest);
  }
}
