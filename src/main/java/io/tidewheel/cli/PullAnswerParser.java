package io.tidewheel.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the answer of a pull. A JSON payload stands in it byte for byte, so it is cut out of the
 * answer and never written again: that would change its spacing and its numbers.
 */
final class PullAnswerParser {
  /** The broker has decided already what it takes; a payload may be deep or have long numbers. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private final byte[] answer;
  private final JsonParser parser;
  private final boolean isBrowsed;

  private PullAnswerParser(byte[] answer, boolean isBrowsed) throws IOException {
    this.answer = answer;
    this.isBrowsed = isBrowsed;
    this.parser = FACTORY.createParser(answer);
  }

  /**
   * The messages of an answer.
   *
   * @throws IOException when it is not the answer of a pull
   */
  static List<PulledMessage> parse(byte[] answer) throws IOException {
    return parse(new PullAnswerParser(answer, false));
  }

  /**
   * As {@link #parse(byte[])} for messages that were only looked at: they have no receipt and no
   * attempt.
   */
  static List<PulledMessage> parseBrowsed(byte[] answer) throws IOException {
    return parse(new PullAnswerParser(answer, true));
  }

  private static List<PulledMessage> parse(PullAnswerParser parser) throws IOException {
    try (parser.parser) {
      return parser.messages();
    }
  }

  private List<PulledMessage> messages() throws IOException {
    List<PulledMessage> messages = new ArrayList<>();
    require(JsonToken.START_OBJECT, parser.nextToken());
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean isMessages = parser.currentName().equals("messages");
      JsonToken value = parser.nextToken();
      if (!isMessages) {
        parser.skipChildren();
        continue;
      }
      require(JsonToken.START_ARRAY, value);
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        messages.add(message());
      }
    }
    return messages;
  }

  private PulledMessage message() throws IOException {
    int start = tokenStart();
    Map<String, String> texts = new LinkedHashMap<>();
    Map<String, String> headers = Map.of();
    byte[] payload = new byte[0];
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (name) {
        case "body" -> payload = rawValue();
        case "bodyText" -> payload = parser.getText().getBytes(StandardCharsets.UTF_8);
        case "bodyBase64" -> payload = parser.getBinaryValue();
        case "headers" -> headers = headers();
        default -> {
          if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
            texts.put(name, parser.getText());
          } else {
            parser.skipChildren();
          }
        }
      }
    }
    return new PulledMessage(
        isBrowsed ? "" : text(texts, "receipt"),
        texts.get("id"),
        texts.get("key"),
        headers,
        texts.get("contentType"),
        payload,
        (int) number(texts, "queue"),
        number(texts, "offset"),
        isBrowsed ? 0 : (int) number(texts, "attempt"),
        texts.get("publishedAt"),
        oneLine(Arrays.copyOfRange(answer, start, position())));
  }

  private Map<String, String> headers() throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      headers.put(name, parser.getText());
    }
    return headers;
  }

  /** The bytes between the colon and the comma or bracket, white space of the payload included. */
  private byte[] rawValue() throws IOException {
    int start = tokenStart();
    parser.skipChildren();
    parser.finishToken();
    int end = position();
    while (isSpace(answer[start - 1])) {
      start--;
    }
    while (end < answer.length && isSpace(answer[end])) {
      end++;
    }
    return Arrays.copyOfRange(answer, start, end);
  }

  private int tokenStart() {
    return (int) parser.currentTokenLocation().getByteOffset();
  }

  private int position() {
    return (int) parser.currentLocation().getByteOffset();
  }

  private static boolean isSpace(byte octet) {
    return octet == ' ' || octet == '\t' || octet == '\n' || octet == '\r';
  }

  /** In JSON a line break only ever stands between tokens, where a space means the same. */
  private static byte[] oneLine(byte[] json) {
    for (int i = 0; i < json.length; i++) {
      if (json[i] == '\n' || json[i] == '\r') {
        json[i] = ' ';
      }
    }
    return json;
  }

  private static String text(Map<String, String> texts, String name) throws IOException {
    String value = texts.get(name);
    if (value == null) {
      throw new IOException("a message without " + name);
    }
    return value;
  }

  private static long number(Map<String, String> texts, String name) throws IOException {
    try {
      return Long.parseLong(text(texts, name));
    } catch (NumberFormatException e) {
      throw new IOException(name + " is no whole number", e);
    }
  }

  private static void require(JsonToken expected, @Nullable JsonToken found) throws IOException {
    if (found != expected) {
      throw new IOException("expected " + expected + " but found " + found);
    }
  }
}
