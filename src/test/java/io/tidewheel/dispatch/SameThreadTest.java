package io.tidewheel.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import scala.concurrent.Promise;
import scala.jdk.javaapi.FutureConverters;

class SameThreadTest {
  private final Promise<String> promise = Promise.apply();
  private final CompletionStage<String> stage =
      SameThread.of(FutureConverters.asJava(promise.future()));

  @Test
  void runsStepsOnTheThreadThatCompletes() throws ExecutionException, InterruptedException {
    CompletionStage<Thread> step = stage.thenApply(value -> Thread.currentThread());
    FutureTask<Void> completion = new FutureTask<>(() -> promise.success("done"), null);
    Thread completing = new Thread(completion);
    completing.start();
    completion.get();
    assertThat(step.toCompletableFuture().get()).isSameAs(completing);
  }

  @Test
  void keepsTheFailure() {
    promise.failure(new IllegalStateException("broken"));
    assertThatThrownBy(() -> stage.toCompletableFuture().join())
        .isInstanceOf(CompletionException.class)
        .hasRootCauseMessage("broken");
  }
}
