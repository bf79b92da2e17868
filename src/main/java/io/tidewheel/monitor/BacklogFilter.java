package io.tidewheel.monitor;

import io.tidewheel.backlog.Standing;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.message.NamePattern;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of the board somebody wants to see.
 *
 * @param node null for any
 * @param min least backlog
 */
public record BacklogFilter(
    NamePattern topic, NamePattern subscription, @Nullable String node, long min) {
  public static final BacklogFilter EVERYTHING =
      new BacklogFilter(NamePattern.ANY, NamePattern.ANY, null, 0);

  /** Whether the rows of a node are wanted; null for one that is not known. */
  public boolean takesNode(@Nullable String name) {
    return node == null || node.equals(name);
  }

  boolean matches(Standing row, CatalogSnapshot catalog) {
    if (row.row().backlog() < min || !takesNode(row.home().node())) {
      return false;
    }
    RowOwner owner = RowOwner.of(catalog, row);
    return owner != null
        && topic.matches(owner.topic().name())
        && subscription.matches(owner.subscription().name());
  }
}
