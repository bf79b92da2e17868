package io.tidewheel.worker;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long a step that does not succeed is repeated, with growing pauses. */
final class Patience {
  private final Duration limit;
  private final Duration firstPause;
  private final Duration longestPause;
  private Duration pause;
  private boolean isInTrouble;
  private long sinceNanos;

  Patience(Duration limit, Duration firstPause, Duration longestPause) {
    this.limit = limit;
    this.firstPause = firstPause;
    this.longestPause = longestPause;
    this.pause = firstPause;
  }

  /** It went well: the next trouble is a new one. */
  void restore() {
    isInTrouble = false;
    pause = firstPause;
  }

  /** How long to wait before the same again; null when it has gone wrong for too long. */
  @Nullable Duration nextPause(long nowNanos) {
    if (!isInTrouble) {
      isInTrouble = true;
      sinceNanos = nowNanos;
    }
    if (nowNanos - sinceNanos >= limit.toNanos()) {
      return null;
    }
    Duration next = pause;
    Duration longer = pause.multipliedBy(2);
    pause = longer.compareTo(longestPause) < 0 ? longer : longestPause;
    return next;
  }
}
