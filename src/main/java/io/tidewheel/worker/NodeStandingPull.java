package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import io.tidewheel.subscription.Delivery;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Speaks with the {@link StandingWorker} of one standing pull, which it has made at its first step.
 */
final class NodeStandingPull implements Consumer.StandingPull {
  private final ActorRef<Workers.Command> workers;
  private final Idleness idleness;
  private final PullTask first;

  /** Completed when the worker has ended, whatever the reason. */
  private final CompletableFuture<Void> end = new CompletableFuture<>();

  private @Nullable CompletableFuture<ActorRef<PullWorker.Command>> worker;
  private volatile CompletableFuture<List<Delivery>> open =
      CompletableFuture.completedFuture(List.of());
  private boolean isUsed;

  /**
   * Nothing is pulled yet.
   *
   * @param first as every task of it; the answer is not used
   */
  NodeStandingPull(ActorRef<Workers.Command> workers, Idleness idleness, PullTask first) {
    this.workers = workers;
    this.idleness = idleness;
    this.first = first;
    CompletableFuture<?> unused = end.thenRun(this::failOpen);
  }

  @Override
  public CompletableFuture<List<Delivery>> next(int max) {
    CompletableFuture<List<Delivery>> answer = new CompletableFuture<>();
    PullTask task =
        new PullTask(
            first.topicUid(),
            first.queues(),
            first.subscriptionUid(),
            first.request().withMax(max),
            answer);
    open = answer;
    if (worker == null) {
      worker = begin(task);
    } else {
      tell(new StandingWorker.Next(task));
    }
    if (end.isDone()) {
      failOpen();
    }
    return answer;
  }

  /** A worker that ends answers first; this is for a step that it did not get any more. */
  private void failOpen() {
    open.completeExceptionally(RejectedPullException.notNow("the worker has ended"));
  }

  private void tell(PullWorker.Command command) {
    if (worker != null) {
      CompletableFuture<?> unused = worker.thenAccept(known -> known.tell(command));
    }
  }

  private CompletableFuture<ActorRef<PullWorker.Command>> begin(PullTask task) {
    CompletableFuture<ActorRef<PullWorker.Command>> begun = new CompletableFuture<>();
    long subscriptionUid = task.subscriptionUid();
    if (!idleness.onPullBegan(subscriptionUid)) {
      task.answer().completeExceptionally(NodeConsumer.removing());
      return begun;
    }
    isUsed = true;
    CompletableFuture<?> unused =
        begun.whenComplete(
            (known, failure) -> {
              if (failure != null) {
                task.answer().completeExceptionally(failure);
              }
            });
    workers.tell(new Workers.Stand(task, begun, end));
    return begun;
  }

  @Override
  public void rest() {
    tell(new StandingWorker.Rest());
  }

  @Override
  public void end() {
    if (isUsed) {
      isUsed = false;
      idleness.onPullEnded(first.subscriptionUid());
    }
    tell(new StandingWorker.End());
  }
}
