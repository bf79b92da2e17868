/**
 * Sessions: one websocket connection of a client, with all its publishers and subscriptions. What
 * is said on it stands in {@code session.frame}; this is the broker's side.
 *
 * <p>Owns open publishes of a session until they are decided, and knows which deliveries its client
 * holds. Talks to queues through their router, as a numbered sender for each publisher, and to
 * subscriptions through the {@code Consumer} of its node.
 */
@NullMarked
package io.tidewheel.session;

import org.jspecify.annotations.NullMarked;
