package io.tidewheel.subscription;

import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What collects while the write before it is in flight: one event, and who waits for it. */
final class Batch {
  /** Messages whose fate one event holds; what comes beyond it is refused. */
  static final int MAX_MESSAGES = 20_000;

  /** Texts of reasons in one event. */
  static final int MAX_REASON_CHARS = 128 << 10;

  private final Map<WorkerName, Offsets.Builder> acks = new LinkedHashMap<>();
  private final Offsets.Builder skipped = new Offsets.Builder();
  private final List<Retried> retried = new ArrayList<>();
  private final List<Dying> dying = new ArrayList<>();
  private final List<Long> deadLettered = new ArrayList<>();
  private final List<Slot> slots = new ArrayList<>();
  private final List<Long> unread = new ArrayList<>();
  private final List<Runnable> whenStored = new ArrayList<>();
  private final List<Runnable> whenFailed = new ArrayList<>();
  private int messageCount;
  private int reasonChars;
  private int skippedCount;

  /** How many messages still fit. */
  int room() {
    return reasonChars >= MAX_REASON_CHARS ? 0 : MAX_MESSAGES - messageCount;
  }

  boolean isEmpty() {
    return messageCount == 0 && skippedCount == 0 && deadLettered.isEmpty();
  }

  /** An ack; {@code slot} is null for a message that is not in the window. */
  void ack(WorkerName worker, long offset, @Nullable Slot slot) {
    acks.computeIfAbsent(worker, name -> new Offsets.Builder()).add(offset);
    messageCount++;
    if (slot == null) {
      unread.add(offset);
    }
    touch(slot);
  }

  void retry(Retried retry, Slot slot) {
    retried.add(retry);
    messageCount++;
    countReason(retry.reason());
    touch(slot);
  }

  void die(Dying message, Slot slot) {
    dying.add(message);
    messageCount++;
    countReason(message.reason());
    touch(slot);
  }

  void skip(long start, long end) {
    skipped.addRange(start, end);
    skippedCount++;
  }

  /** It is not in the log any more. */
  void skip(Slot slot) {
    skip(slot.offset, slot.offset + 1);
    touch(slot);
  }

  void deadLettered(long number) {
    deadLettered.add(number);
  }

  /** Exactly one of these runs, after the outcome is known. */
  void await(Runnable stored, Runnable failed) {
    whenStored.add(stored);
    whenFailed.add(failed);
  }

  List<Slot> slots() {
    return slots;
  }

  /** Acked messages that were not in the window. */
  List<Long> unread() {
    return unread;
  }

  Offsets skipped() {
    return skipped.build();
  }

  Settled toEvent(long atMillis) {
    List<Acks> groups = new ArrayList<>(acks.size());
    acks.forEach((worker, offsets) -> groups.add(new Acks(worker, offsets.build())));
    return new Settled(atMillis, groups, skipped.build(), retried, dying, 0, deadLettered);
  }

  void onStored() {
    whenStored.forEach(Runnable::run);
  }

  void onFailed() {
    whenFailed.forEach(Runnable::run);
  }

  private void touch(@Nullable Slot slot) {
    if (slot != null) {
      slot.pendingCount++;
      slots.add(slot);
    }
  }

  private void countReason(@Nullable String reason) {
    reasonChars += reason == null ? 0 : reason.length();
  }
}
