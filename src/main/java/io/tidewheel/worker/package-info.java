/**
 * Workers: actors that pull deliveries of one subscription for whoever handles them.
 *
 * <p>Owns the pull in two steps (ask the node's board who has work, then pull from there) and the
 * settling of what was pulled. Talks to the {@code BacklogBoard} of its node and to queues through
 * sharding.
 */
@NullMarked
package io.tidewheel.worker;

import org.jspecify.annotations.NullMarked;
