package io.tidewheel.client;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.DoubleSupplier;

/**
 * How a client was built.
 *
 * @param isFollowing whether members that brokers name are connected to as well
 * @param name of the client, for people
 * @param deadline of a publish, from the call on
 * @param maxPendingBytes of messages that a publisher has taken and that are not decided
 * @param isBlocking whether a publish beyond that waits for room
 * @param hostLoad how busy the host is, from 0 to 1; negative if that is not known
 * @param connectTimeout for a connection and its handshake
 * @param silence after which a broker that says nothing is given up
 */
record ClientSettings(
    List<URI> endpoints,
    boolean isFollowing,
    String name,
    Duration deadline,
    int maxPendingBytes,
    boolean isBlocking,
    DoubleSupplier hostLoad,
    Duration connectTimeout,
    Duration silence) {}
