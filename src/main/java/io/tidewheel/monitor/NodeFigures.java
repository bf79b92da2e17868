package io.tidewheel.monitor;

/**
 * Of the places that live on this node.
 *
 * @param counts what has happened there since the node started
 * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
 * @param places subscriptions on queues
 */
record NodeFigures(Counts counts, long backlog, long leased, long oldestAtMillis, int places) {
  static final NodeFigures NONE = new NodeFigures(Counts.NONE, 0, 0, 0, 0);
}
