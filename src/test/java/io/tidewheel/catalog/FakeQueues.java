package io.tidewheel.catalog;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Queues that answer at once, or when a test says so. */
final class FakeQueues implements QueueControl {
  private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
  private volatile boolean isWaiting;

  /**
   * A call to a queue; {@code what} is for example {@code open 1/0 2}: topic, queue, subscription.
   */
  record Call(String what, CompletableFuture<Long> answer) {
    void succeed() {
      answer.complete(0L);
    }

    void fail() {
      answer.completeExceptionally(new IllegalStateException("queue away"));
    }
  }

  /** From now on calls wait for the test. */
  void hold() {
    isWaiting = true;
  }

  /** From now on calls are answered at once. */
  void release() {
    isWaiting = false;
  }

  Call take() {
    try {
      Call call = calls.poll(10, TimeUnit.SECONDS);
      if (call == null) {
        throw new AssertionError("no call to a queue");
      }
      return call;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  boolean isQuiet() {
    return calls.isEmpty();
  }

  private CompletableFuture<Long> call(String what) {
    Call call = new Call(what, new CompletableFuture<>());
    if (isWaiting) {
      calls.add(call);
    } else {
      call.succeed();
    }
    return call.answer();
  }

  @Override
  public CompletionStage<Long> openSubscription(
      Topic topic, Topic.Subscription subscription, int queue) {
    return call("open " + topic.uid() + '/' + queue + ' ' + subscription.uid());
  }

  @Override
  public CompletionStage<Void> closeSubscription(long topicUid, int queue, long subscriptionUid) {
    return call("close " + topicUid + '/' + queue + ' ' + subscriptionUid).thenApply(x -> null);
  }

  @Override
  public CompletionStage<Void> deleteQueue(long topicUid, int queue) {
    return call("delete " + topicUid + '/' + queue).thenApply(x -> null);
  }
}
