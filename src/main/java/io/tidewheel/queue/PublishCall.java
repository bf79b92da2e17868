package io.tidewheel.queue;

import io.tidewheel.message.Message;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One publish of a caller on this node: its messages, and the results as they come in. */
final class PublishCall {
  private final List<Message> messages;
  private final @Nullable PublishResult[] results;
  private final CompletableFuture<List<PublishResult>> answer;
  private final long deadlineNanos;
  private int openCount;

  PublishCall(
      List<Message> messages, long deadlineNanos, CompletableFuture<List<PublishResult>> answer) {
    this.messages = messages;
    this.deadlineNanos = deadlineNanos;
    this.answer = answer;
    this.results = new PublishResult[messages.size()];
    this.openCount = messages.size();
  }

  List<Message> messages() {
    return messages;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  /** Whether the result of a message is known. */
  boolean isComplete(int index) {
    return results[index] != null;
  }

  /** Sets the result of one message; the last one answers the caller. */
  void complete(int index, PublishResult result) {
    if (results[index] == null) {
      results[index] = result;
      openCount--;
      if (openCount == 0) {
        answer.complete(Arrays.asList(results));
      }
    }
  }
}
