package io.tidewheel.client;

import io.tidewheel.message.Message;
import java.util.concurrent.CompletableFuture;

/** A message that a publisher has taken and that is not decided. */
final class Pending {
  private final Message message;
  private final long deadlineNanos;
  private final CompletableFuture<Published> answer;
  private boolean isAlone;

  Pending(Message message, long deadlineNanos, CompletableFuture<Published> answer) {
    this.message = message;
    this.deadlineNanos = deadlineNanos;
    this.answer = answer;
  }

  Message message() {
    return message;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  CompletableFuture<Published> answer() {
    return answer;
  }

  /** Whether it travels by itself: it may be the one for which its neighbours were refused. */
  boolean isAlone() {
    return isAlone;
  }

  void travelAlone() {
    isAlone = true;
  }

  /** Whether any queue will do. */
  boolean isFree() {
    return message.key() == null && message.id() == null;
  }
}
