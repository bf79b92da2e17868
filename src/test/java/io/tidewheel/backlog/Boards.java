package io.tidewheel.backlog;

import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Instant;
import java.time.InstantSource;
import java.util.SplittableRandom;

/** What boards in tests work with. */
public final class Boards {
  private Boards() {}

  /** A board of a node that knows of no others, always at the same time. */
  public static BacklogBoard.Parts alone() {
    return at(Home.ALONE, () -> Instant.EPOCH);
  }

  /** Of a queue that is awake. */
  static Row row(long subscriptionUid, int queue, long dispatchable, long oldestAtMillis) {
    return new Row(
        1,
        subscriptionUid,
        queue,
        1,
        dispatchable,
        dispatchable,
        0,
        oldestAtMillis,
        Presence.AWAKE);
  }

  static BacklogBoard.Parts at(Home home, InstantSource clock) {
    return new BacklogBoard.Parts(home, new Claims(clock), clock, new SplittableRandom(7));
  }
}
