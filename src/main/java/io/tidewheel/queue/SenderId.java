package io.tidewheel.queue;

/**
 * Names a sender that numbers what it sends, so that a repeat is told from a new message: one
 * incarnation of an {@code Ingress}, a client's publisher, or the outbox of a subscription. 128
 * bits, random or derived from uids; never used again for other numbers.
 */
public record SenderId(long high, long low) {}
