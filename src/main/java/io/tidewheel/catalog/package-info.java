/**
 * Topics and subscriptions: which exist, under which uid, with which settings.
 *
 * <p>Owns the {@code Catalog} (one per cluster, persistent, fenced), every node's view of it and
 * the validation of settings. Talks to queues through {@link io.tidewheel.catalog.QueueControl}
 * when subscriptions are opened and closed and topics are deleted.
 */
@NullMarked
package io.tidewheel.catalog;

import org.jspecify.annotations.NullMarked;
