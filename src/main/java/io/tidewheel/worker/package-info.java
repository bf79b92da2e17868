/**
 * Workers: actors that pull deliveries of one subscription for whoever handles them.
 *
 * <p>To the board, a worker is any actor that speaks its protocol ({@code Want}, {@code Offer},
 * {@code Looked}, {@code Leave}), whatever it does with deliveries. Here are those of remote calls:
 * each ends with its answer, and once nothing is on its way to it any more.
 *
 * <p>Owns the pull in two steps (ask the node's board who has work, then pull from there) and the
 * settling of what was pulled. Talks to the {@code BacklogBoard} of its node and to queues through
 * sharding.
 */
@NullMarked
package io.tidewheel.worker;

import org.jspecify.annotations.NullMarked;
