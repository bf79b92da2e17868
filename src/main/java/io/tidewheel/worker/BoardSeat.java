package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.Offer;
import io.tidewheel.backlog.Standing;
import java.util.BitSet;

/**
 * One worker's place at the board: how far it has read the rows, and whether the board counts on
 * it: because it waits there, was woken for a queue that it has not looked at yet, or is about to
 * pull from queues of the node. Part of the worker's actor.
 */
final class BoardSeat {
  private static final int NONE = -1;

  /** What the board believes of the worker. */
  private enum Place {
    AWAY,
    /** It is about to pull from queues of the node. */
    COUNTED,
    WAITING,
    /** It was woken, and has not looked yet. */
    PROMISED
  }

  private final ActorRef<BacklogBoard.Command> board;
  private final long subscriptionUid;
  private final ActorRef<Offer> offers;
  private BitSet offered = new BitSet();
  private final BitSet elsewhere = new BitSet();
  private boolean isFirstOffer = true;
  private boolean hasMoreRows;
  private long seenVersion;
  private Place place = Place.AWAY;
  private int promisedQueue = NONE;

  BoardSeat(ActorRef<BacklogBoard.Command> board, long subscriptionUid, ActorRef<Offer> offers) {
    this.board = board;
    this.subscriptionUid = subscriptionUid;
    this.offers = offers;
  }

  /**
   * Asks what there is, from the best row on.
   *
   * @param capacity what it will take from queues of the node until it leaves; 0 if it comes once
   */
  void look(int capacity) {
    begin();
    place = capacity > 0 ? Place.COUNTED : place;
    ask(capacity);
  }

  private void begin() {
    offered = new BitSet();
    isFirstOffer = true;
  }

  /** Asks what there is beside the rows that were read. */
  void lookFurther() {
    ask(0);
  }

  private void ask(int capacity) {
    BitSet tried = (BitSet) offered.clone();
    board.tell(new BacklogBoard.Candidates(subscriptionUid, tried, capacity, offers));
  }

  boolean hasMoreRows() {
    return hasMoreRows;
  }

  /** Takes what the board has, or stands for it. */
  void onOffer(Offer offer) {
    if (isFirstOffer) {
      seenVersion = offer.version();
      isFirstOffer = false;
    }
    for (Standing row : offer.rows()) {
      offered.set(row.queue());
      elsewhere.set(row.queue(), !row.isHere());
    }
    hasMoreRows = offer.hasMore();
  }

  /** Waits to be woken. */
  void take(int roomCount) {
    begin();
    place = Place.WAITING;
    board.tell(new BacklogBoard.Want(subscriptionUid, roomCount, seenVersion, offers));
  }

  /** Whether the board wakes it when there is something new. */
  boolean isWaiting() {
    return place == Place.WAITING;
  }

  /** Woken for a queue: the board wants to know what is left of it. */
  void onPromise(int queue) {
    place = Place.PROMISED;
    promisedQueue = queue;
    begin();
  }

  /**
   * It is about to pull from another node, and soon back: the board counts on what it still has
   * room for if it brings all there is. Would it count on nothing, whatever comes meanwhile were
   * for others, who would be away from their nodes for it.
   *
   * @param capacity what it takes until it leaves; 0 or less for nothing
   */
  void onPullElsewhere(Standing row, int capacity) {
    if (place == Place.COUNTED) {
      int left = (int) Math.max(0, capacity - row.row().dispatchable());
      if (left == 0) {
        leave();
      } else {
        board.tell(new BacklogBoard.Stay(left, offers));
      }
    }
  }

  /**
   * A queue was looked at. What is left of the one this worker was woken for may wake others; one
   * of another node without anything is nothing to send others to.
   *
   * @param capacity what it still takes from queues of the node; 0 or less if nothing
   */
  void tellLooked(int queue, boolean isEmpty, int capacity) {
    boolean isPromised = place == Place.PROMISED && queue == promisedQueue;
    if (isEmpty && (isPromised || elsewhere.get(queue))) {
      board.tell(new BacklogBoard.Spent(subscriptionUid, queue, seenVersion));
    }
    if (isPromised) {
      stay(capacity);
    }
  }

  /** Waits no more, and comes back at once for so many; 0 or less for none. */
  void stay(int capacity) {
    if (capacity <= 0) {
      leave();
    } else if (place == Place.WAITING || place == Place.PROMISED) {
      place = Place.COUNTED;
      board.tell(new BacklogBoard.Stay(capacity, offers));
    }
  }

  /** The board is not to count on it any more. */
  void leave() {
    if (place != Place.AWAY) {
      place = Place.AWAY;
      board.tell(new BacklogBoard.Leave(offers));
    }
  }
}
