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
  private @Nullable List<Message> messages;
  private @Nullable Duration timeLimit;
  private long payloadBytes;

  /**
   * What a batch asks for.
   *
   * @param timeLimit of the request; null if the body names none
   */
  record Batch(List<Message> messages, @Nullable Duration timeLimit) {}

  private BatchReader(byte[] body) {
    this.body = body;
  }

  /**
   * Reads a whole body.
   *
   * @throws ProblemException if it is not as it must be
   */
  static Batch read(byte[] body) {
    BatchReader read = new BatchReader(body);
    Json.fields(body, read::field);
    if (read.messages == null) {
      throw Problem.ofField(ProblemType.MALFORMED, "/messages", "is missing").toException();
    }
    return new Batch(read.messages, read.timeLimit);
  }

  private void field(JsonParser parser, String field, String pointer) throws IOException {
    switch (field) {
      case "messages" -> messages = messages(parser);
      case "timeout" -> timeLimit = FieldParser.timeLimit(parser, pointer);
      default -> throw FieldParser.unknown(pointer);
    }
  }

  private List<Message> messages(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw FieldParser.wrongType("/messages", "an array of objects");
    }
    List<Message> read = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (read.size() == Limits.MAX_BATCH_MESSAGES) {
        throw Problem.ofField(
                ProblemType.TOO_LARGE,
                "/messages",
                "holds more than " + Limits.MAX_BATCH_MESSAGES + " messages")
            .toException();
      }
      Message message =
          MessageReader.read(body, 0, body.length, parser, "/messages/" + read.size());
      payloadBytes += message.payload().length;
      read.add(message);
      if (payloadBytes > Limits.MAX_BATCH_BYTES) {
        throw Problem.ofField(
                ProblemType.TOO_LARGE,
                "/messages",
                "the payloads are larger than " + Limits.MAX_BATCH_BYTES + " bytes")
            .toException();
      }
    }
    return read;
  }
}
