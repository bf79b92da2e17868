package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.message.EnumNames;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Long work that goes on after the request that began it was answered. Whoever does the work tells
 * its progress and its end; whoever asks sees both. Safe for any thread.
 */
final class Operation {
  private final String id;
  private final String kind;
  private final String target;
  private final Instant startedAt;
  private final @Nullable Runnable cancelling;
  private State state = State.RUNNING;
  private long done;
  private long total = -1;
  private @Nullable Instant endedAt;
  private @Nullable Problem problem;
  private @Nullable ObjectNode result;

  /** How far it is. */
  enum State {
    RUNNING,
    /** It was asked to stop, and has not yet. */
    CANCELLING,
    DONE,
    /** It stopped because it was asked to; what it did until then stays. */
    CANCELLED,
    /** It stopped by itself; the problem says why. */
    FAILED
  }

  Operation(
      String id, String kind, String target, Instant startedAt, @Nullable Runnable cancelling) {
    this.id = id;
    this.kind = kind;
    this.target = target;
    this.startedAt = startedAt;
    this.cancelling = cancelling;
  }

  String id() {
    return id;
  }

  String path() {
    return "/v1/operations/" + id;
  }

  /**
   * Tells how far the work is.
   *
   * @param newTotal of the units that {@code newDone} counts; -1 if it is not known
   */
  synchronized void progress(long newDone, long newTotal) {
    done = newDone;
    total = newTotal;
  }

  /** Tells what the work has come to; replaces what was told before. The node changes no more. */
  synchronized void describe(ObjectNode newResult) {
    result = newResult;
  }

  /** The work is over when the stage is; cancelled if it fails with a cancellation. */
  void endWith(CompletionStage<?> work, Operations operations) {
    work.whenComplete((result, failure) -> end(failure, operations));
  }

  private synchronized void end(@Nullable Throwable failure, Operations operations) {
    endedAt = operations.now();
    if (failure == null) {
      state = State.DONE;
      done = Math.max(done, total);
    } else if (Failures.cause(failure) instanceof CancellationException) {
      state = State.CANCELLED;
    } else {
      state = State.FAILED;
      problem = operations.problem(failure);
    }
  }

  /**
   * Asks the work to stop. Nothing happens if it has ended or was asked before.
   *
   * @throws ProblemException if it can't be stopped
   */
  void cancel() {
    Runnable run = cancelling;
    synchronized (this) {
      if (state != State.RUNNING) {
        return;
      }
      if (run == null) {
        throw Problem.of(ProblemType.CONFLICT, "this work can't be stopped once it has begun")
            .toException();
      }
      state = State.CANCELLING;
    }
    // Outside of the lock: it may end the work at once.
    run.run();
  }

  synchronized boolean hasEnded() {
    return endedAt != null;
  }

  synchronized ObjectNode toJson() {
    ObjectNode node = Json.newObject();
    node.put("id", id);
    node.put("kind", kind);
    node.put("target", target);
    node.put("state", EnumNames.lower(state));
    node.put("cancellable", cancelling != null && state == State.RUNNING);
    node.put("done", done);
    node.put("total", total < 0 ? null : total);
    node.put("startedAt", startedAt.toString());
    node.put("endedAt", endedAt == null ? null : endedAt.toString());
    if (result != null) {
      node.set("result", result.deepCopy());
    }
    if (problem != null) {
      node.set("error", problem.toJson());
    }
    return node;
  }
}
