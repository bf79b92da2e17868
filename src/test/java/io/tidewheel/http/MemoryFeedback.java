package io.tidewheel.http;

import io.tidewheel.feedback.BackendFeedback;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.NodeFeedback;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Backends in memory; nothing is ever bounded. */
final class MemoryFeedback implements Feedback {
  private final Map<String, Double> budgets = new ConcurrentHashMap<>();

  @Override
  public CompletionStage<List<NodeFeedback.Node>> nodes() {
    return CompletableFuture.completedFuture(
        List.of(new NodeFeedback.Node("127.0.0.1:7355", 0.1, 0.1, 1, List.of())));
  }

  @Override
  public CompletionStage<BackendFeedback.Answer> backend(
      String name, BackendFeedback.Change change) {
    if (change instanceof BackendFeedback.Change.Budget budget) {
      if (budget.calls() == null) {
        budgets.remove(name);
      } else {
        budgets.put(name, budget.calls());
      }
    }
    return CompletableFuture.completedFuture(
        new BackendFeedback.Answer(budgets.get(name), null, 0, 0, null, 0, null));
  }

  @Override
  public void cost(long topicUid, long subscriptionUid, Map<String, Double> calls, int messages) {
    // Nobody asks for it.
  }
}
