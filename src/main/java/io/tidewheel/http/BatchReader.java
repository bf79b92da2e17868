package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a batch publish in one pass. Anything that is wrong refuses the whole batch.
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
      Message message =
          MessageReader.read(body, 0, body.length, parser, "/messages/" + messages.size());
      payloadBytes += message.payload().length;
      messages.add(message);
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
}
