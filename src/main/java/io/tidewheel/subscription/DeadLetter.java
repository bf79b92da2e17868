package io.tidewheel.subscription;

import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes dead letters: the message as it was, with headers that say what became of it. The id goes
 * into a header, so that two messages with one id stay two dead letters. Pure: the same message
 * gives the same dead letter again.
 */
final class DeadLetter {
  static final String PREFIX = "tidewheel-dead-";
  static final String REASON = PREFIX + "reason";
  static final String QUEUE = PREFIX + "queue";
  static final String OFFSET = PREFIX + "offset";
  static final String ID = PREFIX + "id";
  static final String ATTEMPTS = PREFIX + "attempts";
  static final String PUBLISHED_AT = PREFIX + "published-at";
  static final String HISTORY = PREFIX + "history";
  static final String DROPPED = PREFIX + "dropped-headers";

  private DeadLetter() {}

  /** Where a message died. */
  record Origin(String topic, String subscription, int queue) {}

  static Message of(
      Origin origin,
      Message message,
      long publishedAtMillis,
      Pending pending,
      List<Attempt> history) {
    Map<String, String> facts = facts(origin, message, publishedAtMillis, pending);
    List<String> attempts = new ArrayList<>();
    history.stream()
        .filter(attempt -> isBefore(attempt, pending))
        .forEach(attempt -> attempts.add(line(attempt)));
    attempts.add(line(pending.last()));
    return Message.of(
        null,
        message.key(),
        headers(message.headers(), facts, attempts),
        message.contentType(),
        message.payload(),
        Message.FOR_ALL,
        Message.NEVER);
  }

  /** What made it expire was no attempt: the last one is still history. */
  private static boolean isBefore(Attempt attempt, Pending pending) {
    return attempt.ordinal() < pending.attempts() || pending.last().cause() == Cause.EXPIRED;
  }

  private static Map<String, String> facts(
      Origin origin, Message message, long publishedAtMillis, Pending pending) {
    Attempt last = pending.last();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(REASON, words(last));
    facts.put(ATTEMPTS, Integer.toString(pending.attempts()));
    facts.put(PREFIX + "topic", origin.topic());
    facts.put(PREFIX + "subscription", origin.subscription());
    facts.put(QUEUE, Integer.toString(origin.queue()));
    facts.put(OFFSET, Long.toString(pending.offset()));
    facts.put(PUBLISHED_AT, Instant.ofEpochMilli(publishedAtMillis).toString());
    String id = DeadMessage.ownId(message);
    if (id != null) {
      facts.put(ID, id);
    }
    return facts;
  }

  /**
   * Within the limits of headers: the oldest attempts go first, then the message's last headers.
   */
  private static Map<String, String> headers(
      Map<String, String> own, Map<String, String> facts, List<String> attempts) {
    List<Map.Entry<String, String>> kept = new ArrayList<>();
    own.entrySet().stream()
        .filter(header -> !header.getKey().startsWith(PREFIX))
        .forEach(kept::add);
    int ownCount = kept.size();
    List<String> lines = new ArrayList<>(attempts);
    while (true) {
      Map<String, String> headers = new LinkedHashMap<>();
      kept.forEach(header -> headers.put(header.getKey(), header.getValue()));
      headers.putAll(facts);
      if (!lines.isEmpty()) {
        headers.put(HISTORY, String.join("; ", lines));
      }
      if (kept.size() < ownCount) {
        headers.put(DROPPED, Integer.toString(ownCount - kept.size()));
      }
      if (fits(headers) || (lines.isEmpty() && kept.isEmpty())) {
        return headers;
      }
      if (lines.isEmpty()) {
        kept.remove(kept.size() - 1);
      } else {
        lines.remove(0);
      }
    }
  }

  private static boolean fits(Map<String, String> headers) {
    int bytes = 0;
    for (Map.Entry<String, String> header : headers.entrySet()) {
      bytes += utf8(header.getKey()) + utf8(header.getValue());
    }
    return headers.size() <= Limits.MAX_HEADER_COUNT && bytes <= Limits.MAX_HEADER_BYTES;
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static String line(Attempt attempt) {
    return attempt.ordinal()
        + " "
        + Instant.ofEpochMilli(attempt.atMillis())
        + " "
        + words(attempt);
  }

  /** How an attempt ended, as people read it. */
  static String words(Attempt attempt) {
    @Nullable String reason = attempt.reason();
    return reason == null || reason.isBlank()
        ? attempt.cause().words()
        : attempt.cause().words() + ": " + reason.replaceAll("\\p{Cntrl}+", " ");
  }
}
