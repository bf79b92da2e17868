/**
 * The store of a cluster: journal, snapshots and shared values in Cassandra.
 *
 * <p>Owns the one session with Cassandra, which Akka's Cassandra plugin takes over too, the check
 * of what a start finds there, and reading rows back by the chain rule. The only package that knows
 * the driver. Talks to Cassandra alone; the cores write through Akka Persistence.
 */
@NullMarked
package io.tidewheel.journal.cassandra;

import org.jspecify.annotations.NullMarked;
