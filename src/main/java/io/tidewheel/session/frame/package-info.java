/**
 * What travels in a session: the frames, their CBOR form, and the websocket messages that carry
 * them. Spoken by the broker and by its client alike; described for everybody else in {@code
 * docs/session.md}.
 *
 * <p>Owns names, numbers and bounds of the protocol. Knows the platform, Jackson and {@code
 * message}; talks to nobody.
 */
@NullMarked
package io.tidewheel.session.frame;

import org.jspecify.annotations.NullMarked;
