package io.tidewheel.http;

import io.tidewheel.message.KeyHash;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The long work of this node, running and ended, in memory: at most {@link #MAX_KEPT}. The oldest
 * that has ended gives way to a new one; while all run, no more can begin. Safe for any thread.
 *
 * <p>A route that begins long work calls {@link #begin}, starts the work, passes its progress and
 * its end on, and answers {@link #accepted}. Work that is usually short is better off with {@link
 * #answerSoon}.
 */
final class Operations {
  static final int MAX_KEPT = 1_000;

  /** Between the number in an id and the name of the node. */
  private static final char NODE_MARK = '@';

  private final Map<String, Operation> kept = new LinkedHashMap<>();
  private final AtomicLong count = new AtomicLong();
  private final @Nullable String node;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final Incidents incidents;
  private final Delay delay;

  /** Waits without a thread. */
  interface Delay {
    /** Runs something once {@link Operations} no longer waits for short work. */
    void afterPatience(Runnable run);
  }

  /**
   * No work.
   *
   * @param node part of each id, so that whoever asks another node can be told whom to ask; null
   *     for a node alone
   */
  Operations(
      @Nullable String node,
      InstantSource clock,
      LongSupplier nanoTime,
      Incidents incidents,
      Delay delay) {
    this.node = node;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.incidents = incidents;
    this.delay = delay;
  }

  /**
   * Registers work that begins now.
   *
   * @param kind a verb, such as {@code redrive}
   * @param target path of the resource it works on
   * @param cancelling asks the work to stop; null if that is not possible
   * @throws ProblemException if too much runs already
   */
  Operation begin(String kind, String target, @Nullable Runnable cancelling) {
    Operation operation = new Operation(newId(), kind, target, now(), cancelling);
    synchronized (kept) {
      if (kept.size() >= MAX_KEPT && !forgetOldest()) {
        throw Problem.of(
                ProblemType.OVER_LIMIT,
                MAX_KEPT + " operations run on this node, which is the most")
            .toException();
      }
      kept.put(operation.id(), operation);
    }
    return operation;
  }

  private boolean forgetOldest() {
    for (Iterator<Operation> oldest = kept.values().iterator(); oldest.hasNext(); ) {
      if (oldest.next().hasEnded()) {
        oldest.remove();
        return true;
      }
    }
    return false;
  }

  /**
   * Answers with what the work comes to if that is known soon, and else with an operation.
   *
   * @param answer of a stage that is done; called on success only
   * @param work that has begun
   * @param rest what is still to be done when {@code work} has ended late, until all is done
   */
  <T> CompletionStage<Answer> answerSoon(
      String kind,
      String target,
      CompletionStage<T> work,
      Function<T, Answer> answer,
      Supplier<CompletionStage<?>> rest) {
    CompletableFuture<Answer> answered = new CompletableFuture<>();
    work.whenComplete(
        (result, failure) -> {
          if (failure != null) {
            answered.completeExceptionally(failure);
          } else {
            answered.completeAsync(() -> answer.apply(result), Runnable::run);
          }
        });
    if (!answered.isDone()) {
      delay.afterPatience(() -> goOnLater(kind, target, work, answered, rest));
    }
    return answered;
  }

  private void goOnLater(
      String kind,
      String target,
      CompletionStage<?> work,
      CompletableFuture<Answer> answered,
      Supplier<CompletionStage<?>> rest) {
    if (answered.isDone()) {
      return;
    }
    Operation operation;
    try {
      operation = begin(kind, target, null);
    } catch (ProblemException e) {
      // No room for it: the caller waits for the work itself.
      return;
    }
    operation.endWith(work.thenCompose(done -> rest.get()), this);
    answered.complete(accepted(operation));
  }

  /** 202, with where to look. */
  static Answer accepted(Operation operation) {
    return Answer.of(
        Responses.with(Responses.json(202, operation.toJson()), "Location", operation.path()));
  }

  /** Work that did not begin after all. */
  void forget(Operation operation) {
    synchronized (kept) {
      kept.remove(operation.id());
    }
  }

  /** The name of the node that an id says the work is on, if that is another one; else null. */
  @Nullable String otherNode(String id) {
    int mark = id.indexOf(NODE_MARK);
    String named = mark < 0 ? null : id.substring(mark + 1);
    return named == null || named.isEmpty() || named.equals(node) ? null : named;
  }

  @Nullable Operation find(String id) {
    synchronized (kept) {
      return kept.get(id);
    }
  }

  /** What is kept, oldest first. */
  List<Operation> all() {
    synchronized (kept) {
      return List.copyOf(kept.values());
    }
  }

  Instant now() {
    return clock.instant();
  }

  Problem problem(Throwable failure) {
    return incidents.problem(failure, null);
  }

  /** Not to be guessed from another, and another one after a restart. */
  private String newId() {
    String number =
        Long.toHexString(
            KeyHash.mix(nanoTime.getAsLong() ^ clock.millis() ^ (count.incrementAndGet() << 44)));
    return node == null ? number : number + NODE_MARK + node;
  }
}
