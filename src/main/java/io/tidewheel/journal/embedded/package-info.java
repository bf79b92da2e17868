/**
 * The embedded store: journal and snapshots of one node in one data directory.
 *
 * <p>{@link io.tidewheel.journal.embedded.EmbeddedStore} owns the directory. One writer thread
 * drains what all persistent actors have pending into one block of the log, flushes it, brings the
 * index up to date and answers. The index is a RocksDB without a log of its own; a start replays the
 * log behind the last checkpoint. {@link io.tidewheel.journal.embedded.EmbeddedJournal} and {@link
 * io.tidewheel.journal.embedded.EmbeddedSnapshotStore} are Akka's plugins over it; they find the
 * store through {@link io.tidewheel.journal.embedded.EmbeddedStoreExtension}.
 *
 * <p>What a data directory holds:
 *
 * <ul>
 *   <li>{@code tidewheel.store}: what this directory is, format and id
 *   <li>{@code tidewheel.lock}: held while a process uses the directory; the fence of the node
 *   <li>{@code commit-mark}: how far the log has been acknowledged, so that a log that was cut off
 *       or damaged is refused and not quietly shortened
 *   <li>{@code log/}: the files of the log; large rows are nowhere else
 *   <li>{@code db/}: the index
 * </ul>
 */
@NullMarked
package io.tidewheel.journal.embedded;

import org.jspecify.annotations.NullMarked;
