package io.tidewheel.http;

import io.tidewheel.message.KeyHash;
import io.tidewheel.worker.RejectedPullException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns failures into problems; one that nobody expected is logged under a name. */
final class Incidents {
  private static final Logger LOG = LoggerFactory.getLogger(Incidents.class);

  private final AtomicLong count = new AtomicLong();
  private final LongSupplier nanoTime;

  Incidents(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  Problem problem(Throwable failure, @Nullable Route route) {
    Throwable cause = Failures.cause(failure);
    if (cause instanceof ProblemException expected) {
      return expected.problem();
    }
    if (cause instanceof RejectedPullException rejected) {
      return Problem.of(
          rejected.isTooMany() ? ProblemType.OVER_LIMIT : ProblemType.UNAVAILABLE,
          String.valueOf(rejected.getMessage()));
    }
    if (cause instanceof TimeoutException) {
      return Problem.of(ProblemType.TIMED_OUT, "the broker did not answer in time");
    }
    String incident = name();
    LOG.error("request failed, incident {}, route {}", incident, route, cause);
    return Problem.of(
            ProblemType.INTERNAL_ERROR, "the log of the node tells more: incident " + incident)
        .withOutcome(Problem.Outcome.UNKNOWN);
  }

  /** A name for one failure, in the answer and in the log. */
  private String name() {
    return Long.toHexString(KeyHash.mix(nanoTime.getAsLong() ^ (count.incrementAndGet() << 48)));
  }
}
