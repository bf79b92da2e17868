package io.tidewheel.crash;

import io.tidewheel.crash.Violation.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * Holds what a broker does against what it has promised. Told everything in the order in which the
 * clients see it: an attempt before its request leaves, an answer after it has come. Not safe for
 * threads.
 *
 * <p>The shape is that of Jepsen's total-queue checker (every acknowledged message comes out,
 * nothing else does), with three more: a confirmed ack is final, keys keep their order, one id is
 * stored once. An answer that never came says nothing, so both outcomes are taken.
 */
public final class DeliveryChecker {
  /** In place of the number of a delivery: it was of a further copy. */
  public static final int COPY = -1;

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

  private final ToIntFunction<MessageId> keyOf;
  private final Predicate<MessageId> mayRepeat;
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
  private long copies;

  DeliveryChecker() {
    this(MessageId::keyNumber, id -> false);
  }

  /**
   * For messages with other keys.
   *
   * @param keyOf the number of the key; negative for none
   * @param mayRepeat whether a message may be stored at several places: it was published without an
   *     id, and may have moved to another queue
   */
  public DeliveryChecker(ToIntFunction<MessageId> keyOf, Predicate<MessageId> mayRepeat) {
    this.keyOf = keyOf;
    this.mayRepeat = mayRepeat;
  }

  /** A publish is about to be sent; also each repeat. */
  public void publishing(MessageId id) {
    Entry entry = make(id);
    entry.attempts++;
    attempted++;
  }

  /** It was answered as stored. */
  public void published(MessageId id, int queue, long offset) {
    Entry entry = make(id);
    entry.isConfirmed = true;
    confirmed++;
    place(id, entry, queue, offset);
  }

  /** It was answered as not stored. */
  public void refused(MessageId id) {
    make(id).refusals++;
    refused++;
  }

  /**
   * A delivery has come.
   *
   * @param isWhole whether the payload is what was published
   * @param askedNanos when the pull that brought it was sent: its lease is not older
   * @return which delivery of this message it is, from 1; 0 if it should not have come; {@link
   *     #COPY} if the message is stored at another place as well, where it came before
   */
  public int delivered(
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
    if (!place(id, entry, queue, offset)) {
      return COPY;
    }
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
  public void acking(MessageId id, int delivery) {
    Entry entry = make(id);
    entry.isAckSent |= delivery == entry.deliveries;
  }

  /** The ack of one of its deliveries was confirmed. */
  public void acked(MessageId id, int delivery) {
    if (delivery == COPY) {
      return;
    }
    Entry entry = make(id);
    if (!entry.isAckConfirmed) {
      ackConfirmed++;
    }
    entry.isAckConfirmed = true;
  }

  /** The ack was answered with a refusal: it is to come again. */
  public void ackRefused(MessageId id, int delivery) {
    Entry entry = make(id);
    entry.isAckSent &= delivery != entry.deliveries;
  }

  /** It is about to be given back, by itself or because an earlier one of its key is. */
  public void givingBack(MessageId id) {
    make(id).isFree = true;
  }

  /** The broker process is gone, and with it every lease. */
  public void killed() {
    incarnation++;
  }

  /** Nothing is left to deliver: whatever was acknowledged must have come by now. */
  public void drained() {
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
  public long openCount() {
    return callers.values().stream()
        .flatMap(List::stream)
        .filter(entry -> entry.isConfirmed && !entry.isAckConfirmed && !entry.isAckSent)
        .count();
  }

  /** Answers and deliveries of messages at another place than the first, where that may be. */
  public long copies() {
    return copies;
  }

  /** Messages whose publish was never answered and which came out nevertheless. */
  public long recoveredCount() {
    return callers.values().stream()
        .flatMap(List::stream)
        .filter(entry -> !entry.isConfirmed && entry.deliveries > 0)
        .count();
  }

  public long count(Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  public boolean isRed() {
    return !counts.isEmpty();
  }

  /** The first ones, in the order they were found. */
  public List<Violation> violations() {
    return List.copyOf(violations);
  }

  public long attempted() {
    return attempted;
  }

  public long confirmed() {
    return confirmed;
  }

  public long refused() {
    return refused;
  }

  public long delivered() {
    return delivered;
  }

  public long redelivered() {
    return redelivered;
  }

  public long ackConfirmed() {
    return ackConfirmed;
  }

  /** False if it is a further copy, which may be. */
  private boolean place(MessageId id, Entry entry, int queue, long offset) {
    if (entry.offset < 0) {
      entry.queue = queue;
      entry.offset = offset;
    } else if (entry.queue != queue || entry.offset != offset) {
      if (mayRepeat.test(id)) {
        copies++;
        return false;
      }
      violate(
          Kind.STORED_TWICE,
          id,
          "at " + entry.queue + "/" + entry.offset + " and " + queue + "/" + offset);
    }
    return true;
  }

  private void checkOrder(MessageId id, int queue, long offset) {
    int key = keyOf.applyAsInt(id);
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
