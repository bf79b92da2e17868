package io.tidewheel.monitor;

import io.tidewheel.subscription.Since;

/**
 * Of the places that live on this node.
 *
 * @param counts what has happened there since the node started
 * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
 * @param places subscriptions on queues
 */
record NodeFigures(Since counts, long backlog, long leased, long oldestAtMillis, int places) {
  static final NodeFigures NONE = new NodeFigures(Since.NONE, 0, 0, 0, 0);
}
