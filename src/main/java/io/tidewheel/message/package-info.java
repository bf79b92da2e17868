/**
 * Messages and the words every other package shares: plain values, without Akka and without I/O.
 *
 * <p>Owns what a message is, how large its parts may be, how topics and subscriptions may be called
 * and how keys are hashed. Talks to nobody.
 */
@NullMarked
package io.tidewheel.message;

import org.jspecify.annotations.NullMarked;
