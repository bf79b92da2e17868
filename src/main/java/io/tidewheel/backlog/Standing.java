package io.tidewheel.backlog;

import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;

/**
 * A row of a board and who said it.
 *
 * @param number of the report, growing with each of the same home: one with a number that is known
 *     is a repetition
 * @param isKept whether the workers of its node have room for all of it, and others leave it to
 *     them
 */
public record Standing(Row row, Home home, long number, boolean isKept) {
  /** A row that others may help with. */
  public Standing(Row row, Home home, long number) {
    this(row, home, number, false);
  }

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

  Standing kept() {
    return new Standing(row, home, number, true);
  }

  /** Whether the workers of this board's node may take from it. */
  boolean isOffered() {
    return row.dispatchable() > 0 && (isHere() || !isKept);
  }

  /**
   * Whether this is to be believed, and not what was known before: a newer report of the same home,
   * or the claim of a later owner. Who sleeps gives way to who does not, whatever the numbers, as
   * clocks may differ; and only who holds a row can end it.
   */
  boolean outdoes(Standing known) {
    if (home.equals(known.home)) {
      return row.claim() > known.row.claim()
          || (row.claim() == known.row.claim()
              && isNews(number, isKept, known.number, known.isKept));
    }
    if (row.isGone()) {
      return false;
    }
    boolean isAwake = row.presence() == Presence.AWAKE;
    return isAwake == (known.row.presence() == Presence.AWAKE)
        ? row.claim() > known.row.claim()
        : isAwake;
  }

  /** Of two reports of one owner: a report that was kept may be offered later without a new one. */
  public static boolean isNews(long number, boolean isKept, long knownNumber, boolean wasKept) {
    return number > knownNumber || (number == knownNumber && wasKept && !isKept);
  }

  long oldestAtMillis() {
    return row.oldestAtMillis() == 0 ? Long.MAX_VALUE : row.oldestAtMillis();
  }
}
