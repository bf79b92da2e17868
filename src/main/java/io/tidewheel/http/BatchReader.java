package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a batch publish in one pass. A payload that is given as JSON is the very bytes
 * of the request, found by their offsets. Anything that is wrong refuses the whole batch.
 */
final class BatchReader {
  /** Largest body: the payloads in base64, ids, keys, headers and the JSON around them. */
  static final int MAX_BODY_BYTES = 8 << 20;

  private final byte[] body;
  private final JsonParser parser;
  private long payloadBytes;

  /**
   * What a batch asks for.
   *
   * @param timeLimit of the request; null if the body names none
   */
  record Batch(List<Message> messages, @Nullable Duration timeLimit) {}

  private BatchReader(byte[] body, JsonParser parser) {
    this.body = body;
    this.parser = parser;
  }

  /**
   * Reads a whole body.
   *
   * @throws ProblemException if it is not as it must be
   */
  static Batch read(byte[] body) {
    try (JsonParser parser = Json.parser(body)) {
      return new BatchReader(body, parser).batch();
    } catch (IOException e) {
      throw Json.malformed(e);
    }
  }

  private Batch batch() throws IOException {
    Json.enterObject(parser);
    List<Message> messages = null;
    Duration timeLimit = null;
    boolean hasTimeLimit = false;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      String pointer = Json.segment(field);
      parser.nextToken();
      switch (field) {
        case "messages" -> {
          if (messages != null) {
            throw FieldParser.twice(pointer);
          }
          messages = messages();
        }
        case "timeout" -> {
          if (hasTimeLimit) {
            throw FieldParser.twice(pointer);
          }
          hasTimeLimit = true;
          timeLimit = FieldParser.timeLimit(parser, pointer);
        }
        default -> throw FieldParser.unknown(pointer);
      }
    }
    Json.expectEnd(parser);
    if (messages == null) {
      throw Problem.ofField(ProblemType.MALFORMED, "/messages", "is missing").toException();
    }
    return new Batch(messages, timeLimit);
  }

  private List<Message> messages() throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw FieldParser.wrongType("/messages", "an array of objects");
    }
    List<Message> messages = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (messages.size() == Limits.MAX_BATCH_MESSAGES) {
        throw Problem.ofField(
                ProblemType.TOO_LARGE,
                "/messages",
                "holds more than " + Limits.MAX_BATCH_MESSAGES + " messages")
            .toException();
      }
      messages.add(message("/messages/" + messages.size()));
      if (payloadBytes > Limits.MAX_BATCH_BYTES) {
        throw Problem.ofField(
                ProblemType.TOO_LARGE,
                "/messages",
                "the payloads are larger than " + Limits.MAX_BATCH_BYTES + " bytes")
            .toException();
      }
    }
    return messages;
  }

  private enum Field {
    ID("id"),
    KEY("key"),
    HEADERS("headers"),
    CONTENT_TYPE("contentType"),
    DELAY("delay"),
    DELIVER_AT("deliverAt"),
    BODY("body"),
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
    String id = null;
    String key = null;
    String contentType = null;
    Map<String, String> headers = Map.of();
    byte[] payload = null;
    boolean isJson = false;
    Set<Field> seen = EnumSet.noneOf(Field.class);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      Field field = Field.BY_NAME.get(parser.currentName());
      String pointer = at + Json.segment(parser.currentName());
      if (field == null) {
        throw FieldParser.unknown(pointer);
      }
      if (!seen.add(field)) {
        throw FieldParser.twice(pointer);
      }
      JsonToken value = parser.nextToken();
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
          if (value != JsonToken.VALUE_NULL) {
            throw FieldParser.notYet(pointer, "delayed publish");
          }
        }
        case BODY, BODY_BASE64 -> {
          byte[] given = field == Field.BODY ? json() : base64(pointer);
          if (given != null && payload != null) {
            throw Problem.ofField(ProblemType.MALFORMED, at, "has both \"body\" and \"bodyBase64\"")
                .toException();
          }
          payload = given == null ? payload : given;
          isJson |= field == Field.BODY;
        }
      }
    }
    if (payload == null) {
      throw Problem.ofField(ProblemType.MALFORMED, at, "has neither \"body\" nor \"bodyBase64\"")
          .toException();
    }
    payloadBytes += payload.length;
    String type = contentType == null && isJson ? JsonTypes.JSON : contentType;
    return Message.of(id, key, headers, type, payload, Message.FOR_ALL, Message.NEVER);
  }

  private Map<String, String> headers(String pointer) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return Map.of();
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw FieldParser.wrongType(pointer, "an object of strings");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw FieldParser.wrongType(pointer + Json.segment(name), "a string");
      }
      if (headers.put(name, parser.getText()) != null) {
        throw FieldParser.twice(pointer + Json.segment(name));
      }
      if (headers.size() > Limits.MAX_HEADER_COUNT) {
        break;
      }
    }
    MessageFields.checkHeaders(pointer, headers);
    return headers;
  }

  /** The bytes of the value the parser stands on, as they are in the request. */
  private byte[] json() throws IOException {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    parser.skipChildren();
    parser.finishToken();
    int end = (int) parser.currentLocation().getByteOffset();
    return Arrays.copyOfRange(body, start, end);
  }

  private byte @Nullable [] base64(String pointer) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw FieldParser.wrongType(pointer, "a string");
    }
    int start = (int) parser.currentTokenLocation().getByteOffset() + 1;
    parser.finishToken();
    int end = (int) parser.currentLocation().getByteOffset() - 1;
    byte[] text = body;
    if (hasEscape(start, end)) {
      text = parser.getText().getBytes(StandardCharsets.UTF_8);
      start = 0;
      end = text.length;
    }
    try {
      ByteBuffer decoded = Base64.getDecoder().decode(ByteBuffer.wrap(text, start, end - start));
      byte[] exact = new byte[decoded.remaining()];
      decoded.get(exact);
      return exact;
    } catch (IllegalArgumentException e) {
      throw Problem.ofField(ProblemType.MALFORMED, pointer, "is not base64").toException();
    }
  }

  private boolean hasEscape(int start, int end) {
    for (int i = start; i < end; i++) {
      if (body[i] == '\\') {
        return true;
      }
    }
    return false;
  }
}
