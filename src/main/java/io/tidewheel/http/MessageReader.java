package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.message.TraceContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one message object of a batch or of a line. A payload that is given as JSON is the very
 * bytes of the request, found by their offsets.
 */
final class MessageReader {
  private final byte[] bytes;
  private final int start;
  private final int end;
  private final JsonParser parser;
  private @Nullable String id;
  private @Nullable String key;
  private @Nullable String contentType;
  private Map<String, String> headers = Map.of();
  private byte @Nullable [] payload;
  private boolean isJson;

  private MessageReader(byte[] bytes, int start, int end, JsonParser parser) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.parser = parser;
  }

  /**
   * Reads the object that the parser stands on.
   *
   * @param bytes what the parser reads, from {@code start} to {@code end}
   * @param at JSON pointer to the object
   * @throws ProblemException if it is not as it must be
   * @throws IOException if it is not JSON
   */
  static Message read(byte[] bytes, int start, int end, JsonParser parser, String at)
      throws IOException {
    return new MessageReader(bytes, start, end, parser).message(at);
  }

  /** A line that is one message object and nothing else. */
  static Message line(byte[] bytes, int start, int end) {
    try (JsonParser parser = Json.parser(bytes, start, end)) {
      parser.nextToken();
      Message message = read(bytes, start, end, parser, "");
      Json.expectEnd(parser);
      return message;
    } catch (IOException e) {
      throw Json.malformed(e);
    }
  }

  private enum Field {
    ID("id"),
    KEY("key"),
    HEADERS("headers"),
    CONTENT_TYPE("contentType"),
    DELAY("delay"),
    DELIVER_AT("deliverAt"),
    BODY("body"),
    BODY_TEXT("bodyText"),
    BODY_BASE64("bodyBase64");

    private static final Map<String, Field> BY_NAME = new LinkedHashMap<>();

    static {
      for (Field field : values()) {
        BY_NAME.put(field.name, field);
      }
    }

    private final String name;

    Field(String name) {
      this.name = name;
    }
  }

  private Message message(String at) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw FieldParser.wrongType(at, "an object");
    }
    Set<Field> seen = EnumSet.noneOf(Field.class);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      Field field = Field.BY_NAME.get(parser.currentName());
      if (field == null) {
        throw FieldParser.unknown(at + Json.segment(parser.currentName()));
      }
      String pointer = at + '/' + field.name;
      if (!seen.add(field)) {
        throw FieldParser.twice(pointer);
      }
      parser.nextToken();
      field(field, pointer, at);
    }
    byte[] given = payload;
    if (given == null) {
      throw Problem.ofField(
              ProblemType.MALFORMED, at, "has none of \"body\", \"bodyText\" and \"bodyBase64\"")
          .toException();
    }
    String type = contentType == null && isJson ? JsonTypes.JSON : contentType;
    return Message.of(id, key, headers, type, given, Message.FOR_ALL, Message.NEVER);
  }

  private void field(Field field, String pointer, String at) throws IOException {
    switch (field) {
      case ID -> {
        id = FieldParser.text(parser, pointer);
        MessageFields.checkId(pointer, id);
      }
      case KEY -> {
        key = FieldParser.text(parser, pointer);
        MessageFields.checkKey(pointer, key);
      }
      case HEADERS -> headers = headers(pointer);
      case CONTENT_TYPE -> {
        contentType = FieldParser.text(parser, pointer);
        MessageFields.checkContentType(pointer, contentType);
      }
      case DELAY, DELIVER_AT -> {
        if (parser.currentToken() != JsonToken.VALUE_NULL) {
          throw FieldParser.notYet(pointer, "delayed publish");
        }
      }
      case BODY -> {
        payload(json(), at);
        isJson = true;
      }
      case BODY_TEXT -> payload(text(pointer), at);
      case BODY_BASE64 -> payload(base64(pointer), at);
    }
  }

  private void payload(byte @Nullable [] given, String at) {
    if (given == null) {
      return;
    }
    if (payload != null) {
      throw Problem.ofField(
              ProblemType.MALFORMED,
              at,
              "has more than one of \"body\", \"bodyText\" and \"bodyBase64\"")
          .toException();
    }
    payload = given;
  }

  private Map<String, String> headers(String pointer) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return Map.of();
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw FieldParser.wrongType(pointer, "an object of strings");
    }
    Map<String, String> read = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw FieldParser.wrongType(pointer + Json.segment(name), "a string");
      }
      if (read.put(name, parser.getText()) != null) {
        throw FieldParser.twice(pointer + Json.segment(name));
      }
      if (read.size() > Limits.MAX_HEADER_COUNT) {
        break;
      }
    }
    MessageFields.checkHeaders(pointer, read);
    TraceContext.clean(read);
    return read;
  }

  /** The bytes of the value the parser stands on, as they are in the request. */
  private byte[] json() throws IOException {
    int from = start + (int) parser.currentTokenLocation().getByteOffset();
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      // Its text is never made: the parser checks it when it goes on.
      return Arrays.copyOfRange(bytes, from, endOfString(from) + 1);
    }
    parser.skipChildren();
    parser.finishToken();
    return Arrays.copyOfRange(bytes, from, start + (int) parser.currentLocation().getByteOffset());
  }

  private byte @Nullable [] text(String pointer) throws IOException {
    String text = FieldParser.text(parser, pointer);
    if (text != null && Utf8.encodedLength(text) < 0) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED,
              pointer,
              "holds half of a surrogate pair, which is no character")
          .toException();
    }
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  private byte @Nullable [] base64(String pointer) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw FieldParser.wrongType(pointer, "a string");
    }
    int from = start + (int) parser.currentTokenLocation().getByteOffset() + 1;
    int to = endOfString(from - 1);
    byte[] text = bytes;
    if (hasEscape(from, to)) {
      text = parser.getText().getBytes(StandardCharsets.UTF_8);
      from = 0;
      to = text.length;
    }
    try {
      ByteBuffer decoded = Base64.getDecoder().decode(ByteBuffer.wrap(text, from, to - from));
      byte[] exact = decoded.array();
      return decoded.remaining() == exact.length
          ? exact
          : Arrays.copyOf(exact, decoded.remaining());
    } catch (IllegalArgumentException e) {
      throw Problem.ofField(ProblemType.MALFORMED, pointer, "is not base64").toException();
    }
  }

  /** Where the quote is that ends the string whose first quote is given. */
  private int endOfString(int quote) throws IOException {
    for (int i = quote + 1; i < end; i++) {
      if (bytes[i] == '"') {
        return i;
      }
      if (bytes[i] == '\\') {
        i++;
      }
    }
    // There is none: let the parser say so.
    parser.finishToken();
    return end;
  }

  private boolean hasEscape(int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] == '\\') {
        return true;
      }
    }
    return false;
  }
}
