package io.tidewheel.message;

/**
 * Marks a control message that may travel between nodes: small, rare, and written as CBOR by the
 * bindings in {@code reference.conf}. Publishes, deliveries and stored events have a binary form of
 * their own.
 */
public interface Control {}
