/**
 * The load generator: sends requests to a broker over its own few connections, with little CPU of
 * its own, and measures the answers.
 *
 * <p>A thread serves many connections with a selector and sends prepared bytes, one request at a
 * time on each connection. In the open model requests start at fixed times, whether earlier ones
 * are answered or not, and a latency counts from the time a request should have started; so a
 * broker that stalls is seen to stall (no coordinated omission). In the closed model each
 * connection sends its next request when the last one is answered.
 *
 * <p>Knows the published HTTP interface and nothing of the broker's inside.
 */
@NullMarked
package io.tidewheel.cli.load;

import org.jspecify.annotations.NullMarked;
