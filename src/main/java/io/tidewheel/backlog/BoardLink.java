package io.tidewheel.backlog;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The board's side of the link to other nodes: what that is told at once, and what is wanted here.
 * A node alone has none. Part of the board's actor; outlives its restarts.
 */
final class BoardLink {
  /** For so many questions of the link a worker that asked once is believed to be there. */
  private static final int WANTED_ROUNDS = 6;

  private @Nullable ActorRef<BoardNews> link;
  private long round;
  private final List<Standing> urgent = new ArrayList<>();

  boolean isThere() {
    return link != null;
  }

  boolean is(ActorRef<BoardNews> watcher) {
    return watcher.equals(link);
  }

  @Nullable ActorRef<BoardNews> ref() {
    return link;
  }

  void begin(ActorRef<BoardNews> begun) {
    link = begun;
  }

  void end() {
    link = null;
  }

  /** A worker asked for a subscription. */
  void asked(SubscriptionBoard board) {
    ActorRef<BoardNews> told = link;
    if (told != null && board.asked(round, round - WANTED_ROUNDS)) {
      told.tell(new BoardNews.Wanted(Set.of(board.subscriptionUid()), false, true));
    }
  }

  /** Somebody here watches all rows. */
  void askedForEverything() {
    ActorRef<BoardNews> told = link;
    if (told != null) {
      told.tell(new BoardNews.Wanted(Set.of(), true, true));
    }
  }

  /** Tells all that is wanted; gives what nobody wants any more. */
  List<SubscriptionBoard> tellWanted(Collection<SubscriptionBoard> boards, boolean isEverything) {
    List<SubscriptionBoard> unwanted = new ArrayList<>();
    ActorRef<BoardNews> told = link;
    if (told != null) {
      Set<Long> wanted = new HashSet<>();
      for (SubscriptionBoard board : boards) {
        if (board.isWanted(round - WANTED_ROUNDS)) {
          wanted.add(board.subscriptionUid());
        } else {
          unwanted.add(board);
        }
      }
      round++;
      told.tell(new BoardNews.Wanted(wanted, isEverything, false));
    }
    return unwanted;
  }

  /** Has work announced that the workers here have no room for. */
  void collect(SubscriptionBoard board, long nowMillis) {
    board.announce(nowMillis, urgent::add);
  }

  /** Tells what was collected. */
  void announce(BoardWatchers watchers) {
    ActorRef<BoardNews> told = link;
    if (told != null && !urgent.isEmpty()) {
      told.tell(new BoardNews.Urgent(List.copyOf(urgent)));
      watchers.told(told, urgent);
    }
    urgent.clear();
  }
}
