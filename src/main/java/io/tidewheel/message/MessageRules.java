package io.tidewheel.message;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What holds for the parts of every message, whoever sends it; its payload is the topic's own. */
public final class MessageRules {
  private MessageRules() {}

  /** What is wrong with a message, in words; null if nothing is. */
  public static @Nullable String violation(Message message) {
    String wrong = text("the id", message.id(), Limits.MAX_ID_BYTES);
    if (wrong == null) {
      wrong = text("the key", message.key(), Limits.MAX_KEY_BYTES);
    }
    if (wrong == null) {
      wrong = contentType(message.contentType());
    }
    return wrong != null || message.headers().isEmpty() ? wrong : headers(message.headers());
  }

  private static @Nullable String contentType(@Nullable String contentType) {
    String wrong = text("the content type", contentType, Limits.MAX_CONTENT_TYPE_BYTES);
    if (wrong == null
        && contentType != null
        && contentType.chars().anyMatch(c -> c < 0x20 || c > 0x7e)) {
      return "the content type may only hold printable ASCII characters";
    }
    return wrong;
  }

  private static @Nullable String headers(Map<String, String> headers) {
    if (headers.size() > Limits.MAX_HEADER_COUNT) {
      return "more than " + Limits.MAX_HEADER_COUNT + " headers";
    }
    int total = 0;
    for (Map.Entry<String, String> header : headers.entrySet()) {
      if (header.getKey().isEmpty()) {
        return "a header without a name";
      }
      int nameBytes = encodedLength(header.getKey());
      int valueBytes = encodedLength(header.getValue());
      if (nameBytes < 0 || valueBytes < 0) {
        return "a header holds half of a surrogate pair, which is no character";
      }
      total += nameBytes + valueBytes;
    }
    return total > Limits.MAX_HEADER_BYTES
        ? "the headers are larger than " + Limits.MAX_HEADER_BYTES + " bytes"
        : null;
  }

  private static @Nullable String text(String what, @Nullable String text, int maxBytes) {
    if (text == null) {
      return null;
    }
    int bytes = encodedLength(text);
    if (text.isEmpty()) {
      return what + " is empty; leave it out instead";
    }
    if (bytes < 0) {
      return what + " holds half of a surrogate pair, which is no character";
    }
    return bytes > maxBytes ? what + " is longer than " + maxBytes + " bytes" : null;
  }

  /** Bytes of UTF-8; -1 if there is half of a surrogate pair in it. */
  private static int encodedLength(String text) {
    int bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        bytes += 4;
      } else if (Character.isSurrogate(c)) {
        return -1;
      } else {
        bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
      }
    }
    return bytes;
  }
}
