package io.tidewheel.http;

import io.tidewheel.message.Limits;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks what publishers say about a message, however it came. */
final class MessageFields {
  private MessageFields() {}

  static void checkId(String where, @Nullable String id) {
    checkText(where, id, Limits.MAX_ID_BYTES);
  }

  static void checkKey(String where, @Nullable String key) {
    checkText(where, key, Limits.MAX_KEY_BYTES);
  }

  static void checkContentType(String where, @Nullable String contentType) {
    checkText(where, contentType, Limits.MAX_CONTENT_TYPE_BYTES);
    if (contentType != null) {
      for (int i = 0; i < contentType.length(); i++) {
        char c = contentType.charAt(i);
        if (c < 0x20 || c > 0x7e) {
          throw refuse(where, "may only hold printable ASCII characters");
        }
      }
    }
  }

  static void checkHeaders(String where, Map<String, String> headers) {
    if (headers.size() > Limits.MAX_HEADER_COUNT) {
      throw refuse(where, "has more than " + Limits.MAX_HEADER_COUNT + " headers");
    }
    int total = 0;
    for (Map.Entry<String, String> header : headers.entrySet()) {
      if (header.getKey().isEmpty()) {
        throw refuse(where, "has a header without a name");
      }
      int nameBytes = Utf8.encodedLength(header.getKey());
      int valueBytes = Utf8.encodedLength(header.getValue());
      if (nameBytes < 0 || valueBytes < 0) {
        throw refuse(where, "has a header with half of a surrogate pair, which is no character");
      }
      total += nameBytes + valueBytes;
    }
    if (total > Limits.MAX_HEADER_BYTES) {
      throw refuse(where, "is larger than " + Limits.MAX_HEADER_BYTES + " bytes");
    }
  }

  private static void checkText(String where, @Nullable String text, int maxBytes) {
    if (text == null) {
      return;
    }
    if (text.isEmpty()) {
      throw refuse(where, "must not be empty; leave it out instead");
    }
    int bytes = Utf8.encodedLength(text);
    if (bytes < 0) {
      throw refuse(where, "holds half of a surrogate pair, which is no character");
    }
    if (bytes > maxBytes) {
      throw refuse(where, "is longer than " + maxBytes + " bytes");
    }
  }

  private static ProblemException refuse(String where, String detail) {
    return Problem.ofField(ProblemType.NOT_ACCEPTED, where, detail).toException();
  }
}
