package io.tidewheel.client;

import io.tidewheel.message.Message;
import io.tidewheel.session.frame.Frame;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Messages that travel together under one number, and how far they are. Guarded by its lane. */
final class Batch {
  /** {@link #connection()} of a batch that has to be sent. */
  static final long NONE = 0;

  private final int queue;
  private final long number;
  private final List<Pending> parts;
  private final List<Message> messages;
  private final Set<String> keys;
  private final long payloadBytes;
  private final long deadlineNanos;
  private long notBeforeNanos;
  private boolean mayBeStored;
  private int failures;
  private long connection;

  Batch(int queue, long number, List<Pending> parts) {
    this.queue = queue;
    this.number = number;
    this.parts = parts;
    this.messages = new ArrayList<>(parts.size());
    Set<String> found = Set.of();
    long bytes = 0;
    long latest = parts.get(0).deadlineNanos();
    for (Pending part : parts) {
      messages.add(part.message());
      bytes += part.message().payload().length;
      String key = part.message().key();
      if (key != null) {
        found = found.isEmpty() ? new HashSet<>() : found;
        found.add(key);
      }
      latest = part.deadlineNanos() - latest > 0 ? part.deadlineNanos() : latest;
    }
    this.keys = found;
    this.payloadBytes = bytes;
    this.deadlineNanos = latest;
  }

  long number() {
    return number;
  }

  List<Pending> parts() {
    return parts;
  }

  boolean has(String key) {
    return keys.contains(key);
  }

  long payloadBytes() {
    return payloadBytes;
  }

  long deadlineNanos() {
    return deadlineNanos;
  }

  /** Whether a sending of it was not answered, so that it may be stored. */
  boolean mayBeStored() {
    return mayBeStored;
  }

  /** On which it was sent and not answered. */
  long connection() {
    return connection;
  }

  boolean isToBeSent(long nowNanos) {
    return connection == NONE && notBeforeNanos - nowNanos <= 0;
  }

  void sentOn(long newConnection) {
    connection = newConnection;
  }

  /** It is to be sent again, with the same number and the same messages. */
  int failed(boolean isUnknown, long nowNanos) {
    connection = NONE;
    mayBeStored |= isUnknown;
    notBeforeNanos = nowNanos;
    return ++failures;
  }

  void delay(long nanos) {
    notBeforeNanos += nanos;
  }

  Frame.Publish frame(int ref, long nowNanos) {
    long millis = Math.max(1, (deadlineNanos - nowNanos) / 1_000_000);
    return new Frame.Publish(ref, queue, number, millis, mayBeStored, messages);
  }

  /** Answers each caller. */
  void complete(Frame.Published published) {
    long[] codes = published.codes();
    long first = published.firstOffset();
    for (int i = 0; i < parts.size(); i++) {
      long code = codes == null ? (first < 0 ? first : first + i) : codes[i];
      if (code == Frame.ID_CONFLICT) {
        parts
            .get(i)
            .answer()
            .completeExceptionally(
                new PermanentException(
                    "id-conflict", "the id was used before for a message with another body"));
      } else if (code <= Frame.DUPLICATE) {
        parts.get(i).answer().complete(new Published(queue, Frame.DUPLICATE - code, true));
      } else {
        parts.get(i).answer().complete(new Published(queue, code, false));
      }
    }
  }

  /** Tells each caller that it is not stored, unless an earlier sending may have been. */
  void fail(String type, String detail, boolean isRetryable) {
    if (mayBeStored) {
      failUnknown(type, detail);
    } else {
      fail(
          isRetryable
              ? new RetryableException(type, detail)
              : new PermanentException(type, detail));
    }
  }

  /** Tells each caller that nobody knows. */
  void failUnknown(String type, String detail) {
    fail(new OutcomeUnknownException(type, detail));
  }

  private void fail(TidewheelException failure) {
    parts.forEach(part -> part.answer().completeExceptionally(failure));
  }
}
