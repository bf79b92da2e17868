/**
 * Subscriptions: who has read what of a queue, and who is working on it.
 *
 * <p>Owns the front {@code Subscription} (window, leases, key locks; in memory) over its core
 * {@code SubscriptionLog} (ack floor, acked set, retries, outbox numbers), receipts, and the order
 * of keys. A subscription is a child of its queue ({@link io.tidewheel.queue.Reader}); it sends
 * dead letters through its outbox and says on its node's board what it could dispatch.
 */
@NullMarked
package io.tidewheel.subscription;

import org.jspecify.annotations.NullMarked;
