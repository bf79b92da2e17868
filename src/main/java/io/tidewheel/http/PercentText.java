package io.tidewheel.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Percent-encoded UTF-8 (RFC 3986), as paths, queries and our header values use it. */
final class PercentText {
  private static final String HEX = "0123456789ABCDEF";

  /** Characters of a token (RFC 9110) that stand for themselves beside letters and digits. */
  private static final String TOKEN = "!#$&'*+-.^_`|~";

  private PercentText() {}

  /** A text as the value of a header: printable ASCII but space, quote and percent as it is. */
  static String encode(String text) {
    return encode(text, false);
  }

  /** A text as a part of the name of a header. */
  static String encodeName(String text) {
    return encode(text, true);
  }

  /** Whether a text may be the name of a header without being encoded. */
  static boolean isToken(String text) {
    return !text.isEmpty() && encodeName(text).equals(text);
  }

  private static String encode(String text, boolean isName) {
    StringBuilder encoded = new StringBuilder(text.length() + 8);
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      boolean isPlain =
          isName
              ? isLetterOrDigit(octet) || (octet > 0 && TOKEN.indexOf(octet) >= 0)
              : octet > ' ' && octet < 0x7f && octet != '"' && octet != '%';
      if (isPlain) {
        encoded.append((char) octet);
      } else {
        encoded.append('%').append(HEX.charAt((octet >> 4) & 0xf)).append(HEX.charAt(octet & 0xf));
      }
    }
    return encoded.toString();
  }

  private static boolean isLetterOrDigit(byte octet) {
    return (octet >= 'a' && octet <= 'z')
        || (octet >= 'A' && octet <= 'Z')
        || (octet >= '0' && octet <= '9');
  }

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
