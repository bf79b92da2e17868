package io.tidewheel.crash;

import io.tidewheel.crash.Violation.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds what a broker does against what it has promised. Told everything in the order in which the
 * clients see it: an attempt before its request leaves, an answer after it has come. Not safe for
 * threads.
 *
 * <p>The shape is that of Jepsen's total-queue checker (every acknowledged message comes out,
 * nothing else does), with three more: a confirmed ack is final, keys keep their order, one id is
 * stored once. An answer that never came says nothing, so both outcomes are taken.
 */
final class DeliveryChecker {
  private static final int MAX_KEPT = 1_000;

  /** Everything known of one message. */
  private static final class Entry {
    private int attempts;
    private int refusals;
    private boolean isConfirmed;
    private int queue;
    private long offset = -1;
    private int deliveries;
    private boolean isAckSent;
    private boolean isAckConfirmed;

    /** Given back, or maybe: its lease says nothing any more. */
    private boolean isFree;

    private int incarnation;
    private long leasedUntilNanos;
  }

  private final Map<Integer, List<Entry>> callers = new HashMap<>();
  private final Map<Integer, Long> firstOffsets = new HashMap<>();
  private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
  private final List<Violation> violations = new ArrayList<>();
  private int incarnation;
  private long attempted;
  private long confirmed;
  private long refused;
  private long delivered;
  private long redelivered;
  private long ackConfirmed;

  /** A publish is about to be sent; also each repeat. */
  void publishing(MessageId id) {
    Entry entry = make(id);
    entry.attempts++;
    attempted++;
  }

  /** It was answered as stored. */
  void published(MessageId id, int queue, long offset) {
    Entry entry = make(id);
    entry.isConfirmed = true;
    confirmed++;
    place(id, entry, queue, offset);
  }

  /** It was answered as not stored. */
  void refused(MessageId id) {
    make(id).refusals++;
    refused++;
  }

  /**
   * A delivery has come.
   *
   * @param isWhole whether the payload is what was published
   * @param askedNanos when the pull that brought it was sent: its lease is not older
   * @return which delivery of this message it is, from 1; 0 if it should not have come
   */
  int delivered(
      MessageId id,
      int queue,
      long offset,
      boolean isWhole,
      long askedNanos,
      long nowNanos,
      long leaseNanos) {
    delivered++;
    Entry entry = find(id);
    if (entry == null || entry.attempts == entry.refusals) {
      violate(Kind.UNEXPECTED, id, entry == null ? "never published" : "refused as not stored");
      return 0;
    }
    if (!isWhole) {
      violate(Kind.ALTERED, id, "at " + queue + "/" + offset);
    }
    place(id, entry, queue, offset);
    if (entry.deliveries == 0) {
      checkOrder(id, queue, offset);
    } else {
      redelivered++;
      if (entry.isAckConfirmed) {
        violate(Kind.ACKED_AGAIN, id, "delivery " + (entry.deliveries + 1));
      } else if (!entry.isFree
          && entry.incarnation == incarnation
          && nowNanos < entry.leasedUntilNanos) {
        violate(Kind.HELD_TWICE, id, "delivery " + (entry.deliveries + 1));
      }
    }
    entry.deliveries++;
    entry.isFree = false;
    entry.isAckSent = false;
    entry.incarnation = incarnation;
    entry.leasedUntilNanos = askedNanos + leaseNanos;
    return entry.deliveries;
  }

  /** An ack of one of its deliveries is about to be sent; only that of the newest counts. */
  void acking(MessageId id, int delivery) {
    Entry entry = make(id);
    entry.isAckSent |= delivery == entry.deliveries;
  }

  /** The ack was confirmed. */
  void acked(MessageId id) {
    Entry entry = make(id);
    if (!entry.isAckConfirmed) {
      ackConfirmed++;
    }
    entry.isAckConfirmed = true;
  }

  /** The ack was answered with a refusal: it is to come again. */
  void ackRefused(MessageId id, int delivery) {
    Entry entry = make(id);
    entry.isAckSent &= delivery != entry.deliveries;
  }

  /** It is about to be given back, by itself or because an earlier one of its key is. */
  void givingBack(MessageId id) {
    make(id).isFree = true;
  }

  /** The broker process is gone, and with it every lease. */
  void killed() {
    incarnation++;
  }

  /** Nothing is left to deliver: whatever was acknowledged must have come by now. */
  void drained() {
    callers.forEach(
        (caller, entries) -> {
          for (int counter = 0; counter < entries.size(); counter++) {
            Entry entry = entries.get(counter);
            MessageId id = new MessageId(caller, counter);
            if (entry.isConfirmed && entry.deliveries == 0) {
              violate(Kind.LOST, id, "confirmed at " + entry.queue + "/" + entry.offset);
            } else if (entry.deliveries > 0 && !entry.isAckConfirmed && !entry.isAckSent) {
              violate(Kind.LEFT_BEHIND, id, "after " + entry.deliveries + " deliveries");
            }
          }
        });
  }

  /** Messages that were confirmed and whose ack is not. */
  long openCount() {
    return callers.values().stream()
        .flatMap(List::stream)
        .filter(entry -> entry.isConfirmed && !entry.isAckConfirmed && !entry.isAckSent)
        .count();
  }

  /** Messages whose publish was never answered and which came out nevertheless. */
  long recoveredCount() {
    return callers.values().stream()
        .flatMap(List::stream)
        .filter(entry -> !entry.isConfirmed && entry.deliveries > 0)
        .count();
  }

  long count(Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  boolean isRed() {
    return !counts.isEmpty();
  }

  /** The first ones, in the order they were found. */
  List<Violation> violations() {
    return List.copyOf(violations);
  }

  long attempted() {
    return attempted;
  }

  long confirmed() {
    return confirmed;
  }

  long refused() {
    return refused;
  }

  long delivered() {
    return delivered;
  }

  long redelivered() {
    return redelivered;
  }

  long ackConfirmed() {
    return ackConfirmed;
  }

  private void place(MessageId id, Entry entry, int queue, long offset) {
    if (entry.offset < 0) {
      entry.queue = queue;
      entry.offset = offset;
    } else if (entry.queue != queue || entry.offset != offset) {
      violate(
          Kind.STORED_TWICE,
          id,
          "at " + entry.queue + "/" + entry.offset + " and " + queue + "/" + offset);
    }
  }

  private void checkOrder(MessageId id, int queue, long offset) {
    int key = id.keyNumber();
    if (key < 0) {
      return;
    }
    Long before = firstOffsets.get(key);
    if (before != null && offset < before) {
      violate(Kind.OUT_OF_ORDER, id, queue + "/" + offset + " after " + before);
    } else {
      firstOffsets.put(key, offset);
    }
  }

  private void violate(Kind kind, MessageId id, String detail) {
    counts.merge(kind, 1L, Long::sum);
    if (violations.size() < MAX_KEPT) {
      violations.add(new Violation(kind, id, detail));
    }
  }

  private Entry make(MessageId id) {
    List<Entry> entries = callers.computeIfAbsent(id.caller(), caller -> new ArrayList<>());
    while (entries.size() <= id.counter()) {
      entries.add(new Entry());
    }
    return entries.get(id.counter());
  }

  private Entry find(MessageId id) {
    List<Entry> entries = callers.get(id.caller());
    return entries == null || id.counter() >= entries.size() ? null : entries.get(id.counter());
  }
}
