package io.tidewheel.monitor;

import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.feedback.Allowances;
import java.util.concurrent.CompletionStage;

/**
 * What a node knows of the backlog, and of what holds it back, over time. Safe for any thread;
 * never blocks.
 */
public interface Monitor {
  /** Of one subscription on one queue; none if it has stood still. */
  Rates rates(Place place);

  /** All rows; the same for everybody within a second. Fails if the monitor does not answer. */
  CompletionStage<Survey> survey();

  /** Lines of a topic; short if nobody has looked at it and it was not busy. */
  CompletionStage<History> history(long topicUid);

  /** Lines of everything together. */
  CompletionStage<History> history();

  /** What all nodes allow; at most a second old, and the same for everybody within that. */
  CompletionStage<Allowances> allowances();

  /** Lines of what was allowed. */
  CompletionStage<AllowanceHistory> allowanceHistory();
}
