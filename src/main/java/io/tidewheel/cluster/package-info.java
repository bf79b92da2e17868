/**
 * The node among others: where queues live and how they are reached.
 *
 * <p>Owns how a node joins and its right to act, which a quorum of brokers confirms ({@link
 * io.tidewheel.cluster.QuorumLease}, {@code QuorumWatch}); the sharding of queues and their
 * placement ({@link io.tidewheel.cluster.ShardedQueues}, {@code StripedAllocation}); and what nodes
 * tell each other of their backlogs ({@code BacklogLink}) and of subscriptions that nobody uses
 * ({@code IdleLink}), where clients reach each ({@code AddressLink}). Talks to Akka's cluster, to
 * queues, and to the boards and the idleness of its node.
 */
@NullMarked
package io.tidewheel.cluster;

import org.jspecify.annotations.NullMarked;
