package io.tidewheel.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Percent-encoded UTF-8 (RFC 3986), as paths, queries and our header values use it. */
final class PercentText {
  private PercentText() {}

  /** The text meant; null if an escape is cut off or the octets are not UTF-8. */
  static @Nullable String decode(String text) {
    if (text.indexOf('%') < 0) {
      return Utf8.encodedLength(text) < 0 ? null : text;
    }
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    byte[] octets = new byte[encoded.length];
    int length = 0;
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] != '%') {
        octets[length++] = encoded[i];
        continue;
      }
      if (i + 2 >= encoded.length) {
        return null;
      }
      int high = Character.digit(encoded[i + 1], 16);
      int low = Character.digit(encoded[i + 2], 16);
      if (high < 0 || low < 0) {
        return null;
      }
      octets[length++] = (byte) (high << 4 | low);
      i += 2;
    }
    byte[] exact = Arrays.copyOf(octets, length);
    return Utf8.isValid(exact) ? new String(exact, StandardCharsets.UTF_8) : null;
  }
}
