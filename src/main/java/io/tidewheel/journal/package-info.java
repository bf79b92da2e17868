/**
 * The durable base of every core: what a row of a log is, who may write it and how it is read back.
 *
 * <p>Owns {@link io.tidewheel.journal.FencedLog} (one writer, one command and one row at a time),
 * the chain rule that settles which of two rows is valid, and the binary form of rows and
 * snapshots. Talks to the stores through Akka Persistence, and to {@code journal.embedded} (later
 * {@code journal.cassandra}) for reading rows back.
 */
@NullMarked
package io.tidewheel.journal;

import org.jspecify.annotations.NullMarked;
