package io.tidewheel.cluster;

import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.cluster.BacklogLink.Rows;
import io.tidewheel.cluster.BacklogLink.Told;
import io.tidewheel.subscription.Subscription.Board.Presence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What other nodes have told, and in which of their rounds. */
final class HeardRows {
  /**
   * A row that so many whole rounds of its node did not name is not there any more. More than one,
   * as a message of a round may get lost.
   */
  static final int MISSED_ROUNDS = 2;

  /** Of one node. Workers find what is beyond through the queue itself, as what sleeps. */
  static final int MAX_ROWS = 100_000;

  private final Map<NodeId, Teller> tellers = new HashMap<>();

  private static final class Teller {
    private final Map<Place, Heard> rows = new HashMap<>();
    private long round;
  }

  private record Heard(Told told, long round) {}

  /** Takes what a node tells, and gives what the board is to hear, with the end of what it lost. */
  List<Told> take(Rows message) {
    Teller teller = tellers.computeIfAbsent(message.node(), node -> new Teller());
    List<Told> heard = new ArrayList<>();
    if (message.round() > teller.round) {
      teller.round = message.round();
      dropMissed(teller, heard);
    }
    for (Told told : message.rows()) {
      Place place = new Place(told.row().subscriptionUid(), told.row().queue());
      if (told.row().isGone()) {
        teller.rows.remove(place);
      } else if (teller.rows.size() >= MAX_ROWS && !teller.rows.containsKey(place)) {
        continue;
      } else {
        teller.rows.put(place, new Heard(told, message.round()));
      }
      heard.add(told);
    }
    return heard;
  }

  private static void dropMissed(Teller teller, List<Told> dropped) {
    Iterator<Heard> all = teller.rows.values().iterator();
    while (all.hasNext()) {
      Heard heard = all.next();
      if (heard.round() < teller.round - MISSED_ROUNDS) {
        all.remove();
        Told told = heard.told();
        dropped.add(new Told(told.row().empty(Presence.GONE), told.number() + 1));
      }
    }
  }

  /** A node has left; gives what it had. */
  List<Told> forget(NodeId node) {
    Teller teller = tellers.remove(node);
    return teller == null ? List.of() : teller.rows.values().stream().map(Heard::told).toList();
  }
}
