/**
 * The HTTP API: HTTP/1.1 requests in, answers and problems out.
 *
 * <p>Owns the listening socket, the routes, the JSON forms of messages and resources, the checks of
 * {@code Host} and {@code Origin} and the bounds of requests and connections. Keeps no state
 * between requests, so every node answers every request. Talks to the catalog, to publishers and
 * consumers of its node, and to nothing below them.
 */
@NullMarked
package io.tidewheel.http;

import org.jspecify.annotations.NullMarked;
