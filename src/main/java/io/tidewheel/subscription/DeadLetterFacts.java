package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a dead letter says about itself, read back from its headers.
 *
 * @param queue where it stood while it lived; -1 if that is not said
 * @param offset as above
 * @param id it was published with; null if it had none
 * @param publishedAt as it is written; null if that is not said
 * @param reason why it died
 */
public record DeadLetterFacts(
    int queue,
    long offset,
    @Nullable String id,
    int attempts,
    @Nullable String publishedAt,
    String reason) {

  /** Reads what is there; what was put there by somebody else and is no number counts as absent. */
  public static DeadLetterFacts of(Message message) {
    Map<String, String> headers = message.headers();
    return new DeadLetterFacts(
        (int) number(headers.get(DeadLetter.PREFIX + "queue"), Integer.MAX_VALUE),
        number(headers.get(DeadLetter.PREFIX + "offset"), Long.MAX_VALUE),
        headers.get(DeadLetter.PREFIX + "id"),
        (int) Math.max(0, number(headers.get(DeadLetter.PREFIX + "attempts"), Integer.MAX_VALUE)),
        headers.get(DeadLetter.PREFIX + "published-at"),
        headers.getOrDefault(DeadLetter.PREFIX + "reason", ""));
  }

  private static long number(@Nullable String text, long max) {
    boolean isNumber = text != null && text.matches("[0-9]{1,18}");
    return isNumber && Long.parseLong(text) <= max ? Long.parseLong(text) : -1;
  }
}
