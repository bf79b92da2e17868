package io.tidewheel.catalog;

import io.tidewheel.message.Control;
import java.util.List;

/**
 * Changes of the catalog, for a view. Taking one twice does no harm.
 *
 * @param from for views that have every change up to this version
 * @param to what a view is at afterwards
 * @param version what the catalog was at; beyond {@code to} if there are more pages
 * @param isReset whether the view starts from nothing with this page
 * @param topics as they are after their last change
 */
record CatalogPage(
    long from, long to, long version, boolean isReset, List<Topic> topics, List<Long> removedUids)
    implements Control {
  boolean isComplete() {
    return to == version;
  }
}
