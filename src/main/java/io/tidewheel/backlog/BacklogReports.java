package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.subscription.Subscription;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Carries the reports of a node's subscriptions to its board. Safe for any thread; never blocks.
 *
 * <p>The newest report of a row replaces the one the board has not seen yet, and the board is told
 * once however many there are: a subscription may report every change. Holds at most one row for
 * each subscription on each queue of the node.
 */
public final class BacklogReports implements Subscription.Board {
  private final ActorRef<BacklogBoard.Command> board;
  private final Claims claims;
  private final ConcurrentMap<Place, Row> newest = new ConcurrentHashMap<>();
  private final Queue<Place> changed = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isBoardTold = new AtomicBoolean();

  public BacklogReports(ActorRef<BacklogBoard.Command> board, Claims claims) {
    this.board = board;
    this.claims = claims;
  }

  @Override
  public long claim() {
    return claims.next();
  }

  @Override
  public void report(Row row) {
    Place place = new Place(row.subscriptionUid(), row.queue());
    if (newest.put(place, row) == null) {
      changed.add(place);
      tellBoard();
    }
  }

  /** Hands over at most {@code max} rows; the board is told again if there are more. */
  void take(int max, Consumer<Row> taker) {
    // First, so that a report made while this runs is either taken here or told.
    isBoardTold.set(false);
    for (int i = 0; i < max; i++) {
      Place place = changed.poll();
      if (place == null) {
        return;
      }
      Row row = newest.remove(place);
      if (row != null) {
        taker.accept(row);
      }
    }
    if (!changed.isEmpty()) {
      tellBoard();
    }
  }

  private void tellBoard() {
    if (isBoardTold.compareAndSet(false, true)) {
      board.tell(new BacklogBoard.Reported(this));
    }
  }
}
