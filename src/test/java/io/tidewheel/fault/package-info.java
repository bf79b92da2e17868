/**
 * The fault test: a local cluster is used at a fixed rate while processes are killed, frozen,
 * stopped and cut off from each other, and every answer is held against what comes out of it.
 *
 * <p>{@code bin/fault-test} runs {@link io.tidewheel.fault.FaultTest}. Checkers are plain classes
 * with their own tests; each must go red on planted violations. Talks to {@code
 * io.tidewheel.crash}, whose checker of deliveries it shares.
 */
package io.tidewheel.fault;
