package io.tidewheel.cluster;

/**
 * One incarnation of a node: a process that comes back at the same address is another one.
 *
 * @param address as {@code host:port}
 * @param uid random, made when the process joined
 */
record NodeId(String address, long uid) {}
