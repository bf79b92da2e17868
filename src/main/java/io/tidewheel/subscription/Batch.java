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
  private final Offsets.Builder filtered = new Offsets.Builder();
  private final Offsets.Builder reopened = new Offsets.Builder();
  private final List<Long> buried = new ArrayList<>();
  private long passedCount;
  private boolean isUrgent;

  /** How many messages still fit. */
  int room() {
    return reasonChars >= MAX_REASON_CHARS ? 0 : MAX_MESSAGES - messageCount;
  }

  boolean isEmpty() {
    return !isUrgent && passedCount == 0;
  }

  /** Whether something in it must not wait: anything but what it passes over. */
  boolean isUrgent() {
    return isUrgent;
  }

  /** How many offsets that were not settled it passes over: skipped and filtered ones. */
  long passedCount() {
    return passedCount;
  }

  /** The end of what it passes over at an offset; the offset itself if it does not. */
  long passedEnd(long offset) {
    return Math.max(skipped.endOf(offset), filtered.endOf(offset));
  }

  boolean isSkipping(long offset) {
    return skipped.endOf(offset) > offset;
  }

  boolean isFiltering(long offset) {
    return filtered.endOf(offset) > offset;
  }

  /** An ack; {@code slot} is null for a message that is not in the window. */
  void ack(WorkerName worker, long offset, @Nullable Slot slot) {
    acks.computeIfAbsent(worker, name -> new Offsets.Builder()).add(offset);
    isUrgent = true;
    messageCount++;
    if (slot == null) {
      unread.add(offset);
    }
    touch(slot);
  }

  void retry(Retried retry, Slot slot) {
    retried.add(retry);
    isUrgent = true;
    messageCount++;
    countReason(retry.reason());
    touch(slot);
  }

  void die(Dying message, Slot slot) {
    dying.add(message);
    isUrgent = true;
    messageCount++;
    countReason(message.reason());
    touch(slot);
  }

  /**
   * Passes over a range of which nothing is in the window any more.
   *
   * @param openCount how many of it are not settled
   */
  void skip(long start, long end, long openCount) {
    skipped.addRange(start, end);
    passedCount += openCount;
  }

  /** Their headers are not what the subscription asks for; {@code openCount} as with skipping. */
  void filter(long start, long end, long openCount) {
    filtered.addRange(start, end);
    passedCount += openCount;
  }

  /** A parked message is tried anew. */
  void reopen(long offset) {
    reopened.add(offset);
    messageCount++;
    isUrgent = true;
  }

  /** Parked messages hold their keys no longer. */
  void bury(Offsets parked) {
    parked.forEach(buried::add);
    isUrgent = true;
  }

  boolean isBurying() {
    return !buried.isEmpty();
  }

  void deadLettered(long number) {
    deadLettered.add(number);
    isUrgent = true;
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

  Offsets filtered() {
    return filtered.build();
  }

  Settled toEvent(long atMillis) {
    List<Acks> groups = new ArrayList<>(acks.size());
    acks.forEach((worker, offsets) -> groups.add(new Acks(worker, offsets.build())));
    Offsets.Builder dead = new Offsets.Builder();
    buried.forEach(dead::add);
    return new Settled(
        atMillis,
        groups,
        skipped.build(),
        retried,
        dying,
        0,
        deadLettered,
        filtered.build(),
        reopened.build(),
        dead.build());
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
