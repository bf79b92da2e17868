package io.tidewheel.subscription;

/**
 * The right to a delivery, as a value. Users see it as an opaque signed token ({@link
 * ReceiptCodec}).
 *
 * @param subscriptionUid which subscription gave it
 * @param generation of the subscription: a seek makes older receipts worthless
 * @param queue and {@code offset}: which message
 * @param incarnation of the subscription's actor that gave it, random
 * @param delivery ordinal of the delivery of this message, from 1
 */
public record Receipt(
    long subscriptionUid, long generation, int queue, long offset, int incarnation, int delivery) {}
