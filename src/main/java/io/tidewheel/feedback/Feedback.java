package io.tidewheel.feedback;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What is allowed and why, and what backends say. Safe for any thread. */
public interface Feedback {
  /**
   * What each node allows its subscriptions, this node first, within half a second: of one that
   * does not answer, what it said last, or nothing if that is long ago.
   */
  CompletionStage<List<NodeFeedback.Node>> nodes();

  /**
   * Changes a backend and says how it is then; stored before it answers.
   *
   * @param change null to change nothing
   */
  CompletionStage<BackendFeedback.Answer> backend(
      String name, BackendFeedback.@Nullable Change change);

  /**
   * Deliveries were settled that cost calls of backends.
   *
   * @param calls by name of the backend, of all of them together
   * @param messages that were settled
   */
  void cost(long topicUid, long subscriptionUid, Map<String, Double> calls, int messages);
}
