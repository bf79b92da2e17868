package io.tidewheel.backlog;

import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;

/**
 * A row of a board and who said it.
 *
 * @param number of the report, growing with each of the same home: one with a number that is known
 *     is a repetition
 */
public record Standing(Row row, Home home, long number) {
  /** How far away a queue is, for the workers of this node. */
  public enum Nearness {
    HERE,
    ZONE,
    FAR
  }

  /**
   * An incarnation of a node.
   *
   * @param node its name
   * @param uid tells it from others under the same name
   */
  public record Home(String node, long uid, Nearness nearness) {
    /** A node that knows of no others. */
    public static final Home ALONE = new Home("", 0, Nearness.HERE);
  }

  /** A subscription on one queue. */
  public record Place(long subscriptionUid, int queue) {}

  public Place place() {
    return new Place(row.subscriptionUid(), row.queue());
  }

  public int queue() {
    return row.queue();
  }

  public boolean isHere() {
    return home.nearness() == Nearness.HERE;
  }

  /**
   * Whether this is to be believed, and not what was known before: a newer report of the same home,
   * or the claim of a later owner. Who sleeps gives way to who does not, whatever the numbers, as
   * clocks may differ; and only who holds a row can end it.
   */
  boolean outdoes(Standing known) {
    if (home.equals(known.home)) {
      return row.claim() > known.row.claim()
          || (row.claim() == known.row.claim() && number > known.number);
    }
    if (row.isGone()) {
      return false;
    }
    boolean isAwake = row.presence() == Presence.AWAKE;
    return isAwake == (known.row.presence() == Presence.AWAKE)
        ? row.claim() > known.row.claim()
        : isAwake;
  }

  long oldestAtMillis() {
    return row.oldestAtMillis() == 0 ? Long.MAX_VALUE : row.oldestAtMillis();
  }
}
