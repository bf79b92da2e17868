package io.tidewheel.backlog;

import io.tidewheel.backlog.Standing.Place;
import java.util.List;
import java.util.Set;

/** What a board tells those who watch it. Within one node. */
public sealed interface BoardNews {
  /**
   * What has changed since the news before; a row that changed several times is there once.
   *
   * @param rows as they are now
   * @param gone rows that were told of and are not there any more, or not what is watched
   * @param isReset whether everything that was told before is forgotten
   * @param hasMore whether the next news are there already; after a reset, whether the rows are not
   *     yet all
   */
  record Changes(List<Standing> rows, List<Place> gone, boolean isReset, boolean hasMore)
      implements BoardNews {}

  /** Too many watch this board. */
  record Refused() implements BoardNews {}

  /** For the link: rows of this node have work, and none of its workers is free to do it. */
  record Urgent(List<Standing> rows) implements BoardNews {}

  /**
   * For the link: what the workers of this node want to hear of.
   *
   * @param subscriptionUids that have workers here
   * @param isEverything whether all rows are wanted, because somebody watches them
   * @param isNew whether these are only the ones that came since the last time
   */
  record Wanted(Set<Long> subscriptionUids, boolean isEverything, boolean isNew)
      implements BoardNews {}
}
