package io.tidewheel.backlog;

import akka.actor.testkit.typed.javadsl.TestInbox;
import io.tidewheel.backlog.HelpSimulation.Node;
import io.tidewheel.backlog.HelpSimulation.Queue;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * A session of a client with one node: one worker pulls for it as long as it has room, does what a
 * standing worker does, and a fixed number of deliveries is handled at a time.
 */
final class HelpCrew implements HelpSimulation.Sleeper {
  private static final long CLIENT_MILLIS = 1;

  private final HelpSimulation run;
  private final Node node;
  private final int concurrency;
  private final int inHand;
  private final long handlingMillis;
  private final TestInbox<Offer> inbox;
  private int held;
  private int underWay;
  private int pulled;
  private boolean isWaiting;
  private boolean mayRest;

  HelpCrew(HelpSimulation run, Node node, int concurrency, int inHand, long handlingMillis) {
    this.run = run;
    this.node = node;
    this.concurrency = concurrency;
    this.inHand = inHand;
    this.handlingMillis = handlingMillis;
    this.inbox = TestInbox.create("crew-" + node.sleepers.size() + "-" + handlingMillis);
  }

  /** Looks for as much as there is room for, unless it does already. */
  void pull() {
    if (pulled > 0) {
      return;
    }
    int room = inHand - held;
    if (room <= 0) {
      if (mayRest) {
        node.board.leave(inbox.getRef(), run.now());
        node.settle();
      }
      mayRest = false;
      return;
    }
    pulled = room;
    node.board.stay(inbox.getRef(), room, run.now());
    Offer offer = node.board.offer(node.version, run.now(), new BitSet());
    ask(new ArrayDeque<>(offer.rows()), offer.version(), 0, -1);
  }

  private void ask(Deque<Standing> rows, long version, int taken, int promised) {
    Standing row = rows.poll();
    if (row == null || taken == pulled || (taken > 0 && !row.isHere())) {
      if (taken > 0) {
        answer(taken);
      } else {
        isWaiting = true;
        node.board.want(inbox.getRef(), pulled, version, run.now());
        node.settle();
      }
      return;
    }
    Queue queue = run.queueOf(row);
    long hop = queue.home == node ? 0 : run.hopMillis();
    if (hop > 0 && promised != row.queue()) {
      long left = Math.max(0, pulled - taken - row.row().dispatchable());
      node.board.stay(inbox.getRef(), (int) left, run.now());
      node.settle();
    }
    run.at(
        hop,
        () -> {
          int more = queue.take(pulled - taken);
          boolean isEmpty = queue.isEmpty();
          run.at(
              hop + (more == 0 ? 0 : run.storeMillis()),
              () -> {
                boolean isPromised = promised == row.queue();
                if (isEmpty && (isPromised || hop > 0)) {
                  node.board.spend(row.queue(), version);
                }
                if (isPromised) {
                  node.board.stay(inbox.getRef(), pulled - taken - more, run.now());
                  node.settle();
                }
                run.onDelivered(more, hop == 0);
                ask(rows, version, taken + more, -1);
              });
        });
  }

  private void answer(int taken) {
    boolean isFull = taken == pulled;
    if (isFull) {
      node.board.leave(inbox.getRef(), run.now());
      node.settle();
    }
    mayRest = !isFull;
    pulled = 0;
    held += taken;
    run.at(CLIENT_MILLIS, this::handle);
    pull();
  }

  private void handle() {
    while (underWay < concurrency && underWay < held) {
      underWay++;
      run.at(
          handlingMillis,
          () -> {
            underWay--;
            held--;
            run.onDone();
            handle();
            run.at(CLIENT_MILLIS, this::pull);
          });
    }
  }

  @Override
  public void wakeIfTold() {
    if (isWaiting && inbox.hasMessages()) {
      isWaiting = false;
      Offer offer = inbox.receiveMessage();
      ask(new ArrayDeque<>(offer.rows()), offer.version(), 0, offer.rows().get(0).queue());
    }
  }
}
