package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogBoard.Offer;
import io.tidewheel.backlog.Standing;
import java.util.BitSet;

/**
 * One worker's place at the board: how far it has read the rows, and whether it waits there or was
 * woken for a queue that it has not looked at yet. Part of the worker's actor.
 */
final class BoardSeat {
  private static final int NONE = -1;

  private final ActorRef<BacklogBoard.Command> board;
  private final long subscriptionUid;
  private final ActorRef<Offer> offers;
  private BitSet offered = new BitSet();
  private final BitSet elsewhere = new BitSet();
  private boolean isFirstOffer = true;
  private boolean hasMoreRows;
  private long seenVersion;
  private boolean isTaken;
  private int promisedQueue = NONE;

  BoardSeat(ActorRef<BacklogBoard.Command> board, long subscriptionUid, ActorRef<Offer> offers) {
    this.board = board;
    this.subscriptionUid = subscriptionUid;
    this.offers = offers;
  }

  /** Asks what there is, from the best row on. */
  void look() {
    begin();
    ask();
  }

  private void begin() {
    offered = new BitSet();
    isFirstOffer = true;
  }

  /** Asks what there is beside the rows that were read. */
  void lookFurther() {
    ask();
  }

  private void ask() {
    board.tell(new BacklogBoard.Candidates(subscriptionUid, (BitSet) offered.clone(), offers));
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
    isTaken = true;
    promisedQueue = NONE;
    board.tell(new BacklogBoard.Want(subscriptionUid, roomCount, seenVersion, offers));
  }

  /** Woken for a queue: the board wants to know what is left of it. */
  void onPromise(int queue) {
    promisedQueue = queue;
    begin();
  }

  /**
   * A queue was looked at. What is left of the one this worker was woken for may wake others; one
   * of another node without anything is nothing to send others to.
   */
  void tellLooked(int queue, boolean isEmpty) {
    if (queue == promisedQueue) {
      promisedQueue = NONE;
      isTaken = false;
    } else if (!isEmpty || !elsewhere.get(queue)) {
      return;
    }
    board.tell(new BacklogBoard.Looked(subscriptionUid, queue, seenVersion, isEmpty, offers));
  }

  void leave() {
    if (isTaken) {
      isTaken = false;
      promisedQueue = NONE;
      board.tell(new BacklogBoard.Leave(offers));
    }
  }
}
