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
 * @param queue and {@code offset}: where the message was when it died
 * @param cause why, one of {@link #CAUSES}
 * @param reason why, in the words of whoever gave it up
 * @param id the message was published with; null if it had none
 */
public record DeadMessage(
    Message letter, int queue, long offset, String cause, String reason, @Nullable String id) {
  /** Out of attempts, whatever ended the last one. */
  public static final String ATTEMPTS = "attempts";

  /** How a message can die: {@link #ATTEMPTS}, or how its last delivery ended. */
  public static final List<String> CAUSES =
      Stream.concat(Stream.of(ATTEMPTS), Stream.of(Cause.values()).map(DeadMessage::name)).toList();

  private static final String COPY_ID = "tidewheel-redrive-";

  /** Reads a message of a dead-letter topic; null if it is no dead letter. */
  public static @Nullable DeadMessage of(Message letter) {
    Map<String, String> headers = letter.headers();
    String reason = headers.get(DeadLetter.REASON);
    String queue = headers.get(DeadLetter.QUEUE);
    String offset = headers.get(DeadLetter.OFFSET);
    if (reason == null || queue == null || offset == null) {
      return null;
    }
    try {
      int colon = reason.indexOf(": ");
      String cause = colon < 0 ? reason : reason.substring(0, colon);
      return new DeadMessage(
          letter,
          Integer.parseInt(queue),
          Long.parseLong(offset),
          cause.replace(' ', '-'),
          reason,
          headers.get(DeadLetter.ID));
    } catch (NumberFormatException e) {
      return null;
    }
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
