/**
 * The node among others: where queues live and how they are reached.
 *
 * <p>Owns the sharding of queues and their placement. Talks to Akka's cluster and to queues.
 */
@NullMarked
package io.tidewheel.cluster;

import org.jspecify.annotations.NullMarked;
