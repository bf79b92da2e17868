/**
 * The Java client: publishers and workers over sessions, one for each broker that it knows. Needs
 * the platform and Jackson only, and shows neither Jackson nor the frames in a signature.
 *
 * <p>Owns retries: a publish is numbered once and sent until it is decided or its deadline is over.
 * Talks to brokers through {@code session.frame}.
 */
@NullMarked
package io.tidewheel.client;

import org.jspecify.annotations.NullMarked;
