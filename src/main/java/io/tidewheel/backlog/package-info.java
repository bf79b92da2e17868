/**
 * Backlog boards: who has work, and who is free to do it.
 *
 * <p>Owns the {@link io.tidewheel.backlog.BacklogBoard} of a node. Subscriptions report to it
 * through {@link io.tidewheel.backlog.BacklogReports}; workers ask it for candidates and wait on
 * it; monitors watch it; a link of the cluster tells it what other nodes have, and hears from it
 * what they are to be told. It holds hints, never messages: whoever pulls learns the truth from the
 * subscription, and a board that has forgotten everything costs a look at queues, not a delivery.
 */
@NullMarked
package io.tidewheel.backlog;

import org.jspecify.annotations.NullMarked;
