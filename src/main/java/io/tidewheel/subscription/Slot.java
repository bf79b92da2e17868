package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import org.jspecify.annotations.Nullable;

/** One message in the {@link Window}. Its place is changed by the window alone. */
final class Slot {
  /** Where a message in the window is. Exactly one of these at any time. */
  enum Place {
    /** Could be given out now. */
    READY(0),
    /** An earlier message of its key is not settled. */
    BLOCKED(1),
    /** Its retry time is not reached; it is the first of its key. */
    WAITING(2),
    /** With a worker. */
    LEASED(3),
    /** Its ack, or its turn to a dead letter, is being stored. */
    SETTLING(4),
    /** The end of its delivery without an ack is being stored. */
    RETURNING(5),
    /** Could be given out but for its payload, which was not kept and is being read again. */
    ABSENT(6),
    /** A dead letter, or on its way there, that holds its key until it is tried anew. */
    PARKED(7),
    /** Settled, or on its way to the dead-letter topic: no longer in the window. */
    GONE(8);

    static final int COUNT = 9;

    /** Where counts of this place stand in an array. */
    final int index;

    Place(int index) {
      this.index = index;
    }
  }

  final long offset;
  final long publishedAtMillis;
  final int weight;
  final @Nullable KeyLine line;
  private @Nullable Message message;

  Place place = Place.BLOCKED;

  /** Failed attempts that are stored. */
  int attempts;

  /** Ordinal of the newest delivery; 0 before the first. */
  int deliveries;

  /** Whether this incarnation gave it out, or carries on a delivery of the one before. */
  boolean isGiven;

  /** The incarnation that made the newest delivery; only if it {@link #isGiven}. */
  int incarnation;

  /** Whether the receipt of the newest delivery still counts; only if it {@link #isGiven}. */
  boolean isReceiptOpen;

  /** Whether its worker gave it up, by a nack or a reject that is being stored. */
  boolean isGivenUp;

  /** Whether it becomes a dead letter by what is being stored. */
  boolean isDying;

  /** Whether a worker ended that held it, beside others or not, and nobody knows why. */
  boolean isSuspect;

  /** How often that happened without costing an attempt. */
  int unchargedCount;

  /** Batches to be stored that have something about it. */
  int pendingCount;

  /** Not given out before; nanoseconds of the monotonic clock, 0 for at once. */
  long dueNanos;

  /** Wall-clock milliseconds; {@link Long#MAX_VALUE} for never. */
  long expiresAtMillis = Long.MAX_VALUE;

  /** Whether it stands in one of the window's queues of what is ready. */
  boolean isQueued;

  @Nullable Lease lease;

  Slot(long offset, long publishedAtMillis, Message message, @Nullable KeyLine line) {
    this.offset = offset;
    this.publishedAtMillis = publishedAtMillis;
    this.message = message;
    this.weight = message.weight();
    this.line = line;
  }

  Message message() {
    Message held = message;
    if (held == null) {
      throw new IllegalStateException("message " + offset + " left the window");
    }
    return held;
  }

  boolean isLoaded() {
    return message != null;
  }

  void load(Message read) {
    message = read;
  }

  /** The payload goes; it is read again when the message can be given out. */
  void unload() {
    message = null;
  }

  int payloadBytes() {
    return message().payload().length;
  }

  /** Whether it is neither with a worker nor on its way to be settled or dead. */
  boolean isOpen() {
    return !isOut() && place != Place.PARKED && place != Place.GONE;
  }

  /** With a worker, or something about it is being stored. */
  boolean isOut() {
    return place == Place.LEASED || place == Place.SETTLING || place == Place.RETURNING;
  }

  /** After its death: nothing of the attempts before counts, nor the end of its time to live. */
  void beginAnew() {
    attempts = 0;
    expiresAtMillis = Long.MAX_VALUE;
    isReceiptOpen = false;
    isGivenUp = false;
    isDying = false;
    isSuspect = false;
    unchargedCount = 0;
  }

  /** Queues may name it for a while; the payload goes now. */
  void drop() {
    message = null;
    lease = null;
  }
}
