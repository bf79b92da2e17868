package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A dead letter, read back: what died where, and why.
 *
 * @param letter as it stands in the dead-letter topic
 * @param queue and {@code offset}: where the message was when it died; -1 if that is not said
 * @param cause why, one of {@link #CAUSES}
 * @param reason why, in the words of whoever gave it up
 * @param id the message was published with; null if it had none
 * @param publishedAt as it is written; null if that is not said
 */
public record DeadMessage(
    Message letter,
    int queue,
    long offset,
    String cause,
    String reason,
    @Nullable String id,
    int attempts,
    @Nullable String publishedAt) {
  /** Out of attempts, whatever ended the last one. */
  public static final String ATTEMPTS = "attempts";

  /** How a message can die: {@link #ATTEMPTS}, or how its last delivery ended. */
  public static final List<String> CAUSES =
      Stream.concat(Stream.of(ATTEMPTS), Stream.of(Cause.values()).map(DeadMessage::name)).toList();

  private static final String COPY_ID = "tidewheel-redrive-";

  /** Reads a message of a dead-letter topic; null if it is no dead letter. */
  public static @Nullable DeadMessage of(Message letter) {
    DeadMessage read = read(letter);
    return read.reason.isEmpty() || read.queue < 0 || read.offset < 0 ? null : read;
  }

  /**
   * Reads what a message of a dead-letter topic says, whoever put it there: what is missing, or is
   * no number where there should be one, is -1, 0 or empty.
   */
  public static DeadMessage read(Message letter) {
    Map<String, String> headers = letter.headers();
    String reason = headers.getOrDefault(DeadLetter.REASON, "");
    int colon = reason.indexOf(": ");
    String cause = colon < 0 ? reason : reason.substring(0, colon);
    return new DeadMessage(
        letter,
        (int) number(headers.get(DeadLetter.QUEUE), Integer.MAX_VALUE),
        number(headers.get(DeadLetter.OFFSET), Long.MAX_VALUE),
        cause.replace(' ', '-'),
        reason,
        headers.get(DeadLetter.ID),
        (int) Math.max(0, number(headers.get(DeadLetter.ATTEMPTS), Integer.MAX_VALUE)),
        headers.get(DeadLetter.PUBLISHED_AT));
  }

  private static long number(@Nullable String text, long max) {
    boolean isNumber = text != null && text.matches("[0-9]{1,18}");
    return isNumber && Long.parseLong(text) <= max ? Long.parseLong(text) : -1;
  }

  /** Whether it died of this, one of {@link #CAUSES}. */
  public boolean isDeadOf(String wanted) {
    boolean isOutOfAttempts =
        !cause.equals(name(Cause.REJECTED)) && !cause.equals(name(Cause.EXPIRED));
    return wanted.equals(cause) || (wanted.equals(ATTEMPTS) && isOutOfAttempts);
  }

  /**
   * The message as it was before it died, for one subscription alone. Its id is that of this dead
   * letter, so that a repeat is recognised for as long as the topic remembers ids; its own id is in
   * a header, as is the offset at which it died.
   *
   * @param letterUid of the dead-letter topic
   * @param generation and {@code letterOffset}: which dead letter this is there
   */
  public Message copy(long letterUid, long generation, long letterOffset, long subscriptionUid) {
    Map<String, String> headers = new LinkedHashMap<>();
    letter
        .headers()
        .forEach(
            (name, value) -> {
              if (!name.startsWith(DeadLetter.PREFIX)) {
                headers.put(name, value);
              }
            });
    headers.put(Replays.OFFSET, Long.toString(offset));
    String own = id;
    if (own != null) {
      headers.put(Replays.ID, own);
    }
    return Message.of(
        COPY_ID + letterUid + '-' + generation + '-' + letterOffset,
        letter.key(),
        headers,
        letter.contentType(),
        letter.payload(),
        subscriptionUid,
        Message.NEVER);
  }

  /** The id a message was published with, also if it is a copy of it. */
  static @Nullable String ownId(Message message) {
    String id = message.id();
    boolean isCopy = message.onlyFor() != Message.FOR_ALL && (id == null || id.startsWith(COPY_ID));
    return isCopy ? message.headers().get(Replays.ID) : id;
  }

  private static String name(Cause cause) {
    return cause.words().replace(' ', '-');
  }
}
