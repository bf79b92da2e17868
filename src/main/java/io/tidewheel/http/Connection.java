package io.tidewheel.http;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * One client connection: knows whether the client is still there, and gives deliveries back that it
 * can't hand to it. A client that has closed its sending side counts as gone.
 */
final class Connection {
  private final Set<Handover> open = ConcurrentHashMap.newKeySet();
  private final Set<Open> unanswered = ConcurrentHashMap.newKeySet();
  private final AtomicInteger streams = new AtomicInteger();
  private volatile boolean isGone;

  /** The client has closed the connection, or the connection failed. */
  void gone() {
    isGone = true;
    open.forEach(Handover::failed);
    open.clear();
  }

  /** Remembers a request until it is answered. */
  void limitTime(CompletableFuture<Answer> answer, long deadlineNanos) {
    Open open = new Open(answer, deadlineNanos);
    unanswered.add(open);
    CompletionStage<Answer> answered = answer;
    answered.whenComplete((result, failure) -> unanswered.remove(open));
  }

  /** Answers requests whose time is over. */
  void answerLate(long nowNanos, Supplier<Answer> late) {
    for (Open open : unanswered) {
      if (open.deadlineNanos() - nowNanos <= 0) {
        open.answer().complete(late.get());
      }
    }
  }

  /** A request without an answer. */
  private record Open(CompletableFuture<Answer> answer, long deadlineNanos) {}

  /** An answer begins that goes on for as long as the client sends. */
  void streamBegun() {
    streams.incrementAndGet();
  }

  void streamEnded() {
    streams.decrementAndGet();
  }

  boolean isStreaming() {
    return streams.get() > 0;
  }

  /** An answer is ready; it may still have to wait for earlier ones of the connection. */
  Answer ready(Answer answer) {
    Handover handover = answer.handover();
    if (handover != null) {
      open.add(handover);
      if (isGone) {
        handover.failed();
      }
    }
    return answer;
  }

  /** It is the answer's turn to be written. */
  Answer write(Answer answer) {
    Handover handover = answer.handover();
    if (handover == null || answer.isStreamed()) {
      return answer;
    }
    open.remove(handover);
    return handover.handedOver()
        ? answer
        : Answer.of(
            Responses.problem(
                Problem.of(ProblemType.UNAVAILABLE, "the connection was closed by the client")));
  }

  /** The deliveries of a streamed answer are decided. */
  void decided(Handover handover) {
    open.remove(handover);
  }
}
