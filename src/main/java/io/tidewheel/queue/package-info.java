/**
 * Queues: the ordered logs of a topic, and the way messages get into them.
 *
 * <p>Owns the sharded front {@code Queue} (group commit, bounds, routing) over its core {@code
 * QueueLog}, the per-node {@code Ingress} that chooses queues, and {@code MessageLog}, which reads
 * stored batches back. What reads a queue is only known here as a {@link
 * io.tidewheel.queue.Reader}. Talks to the journal through {@code FencedLog} and to the catalog's
 * view for settings.
 */
@NullMarked
package io.tidewheel.queue;

import org.jspecify.annotations.NullMarked;
