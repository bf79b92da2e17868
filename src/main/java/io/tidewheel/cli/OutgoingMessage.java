package io.tidewheel.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A line on its way to the broker.
 *
 * @param line ordinal in the input, from 1
 * @param id by which the broker recognises a repeat
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record OutgoingMessage(
    long line, String id, @Nullable String key, String contentType, byte[] payload) {
  private static final int FRAME_BYTES = 128;

  /** About what it takes in the body of a batch. */
  int encodedBytes() {
    int text = id.length() + (key == null ? 0 : 3 * key.length()) + contentType.length();
    return FRAME_BYTES + text + (payload.length + 2) / 3 * 4;
  }

  /** As an item of a batch. Base64, so that every byte arrives as it was, whatever it means. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("id", id);
    if (key != null) {
      json.writeStringField("key", key);
    }
    json.writeStringField("contentType", contentType);
    json.writeBinaryField("bodyBase64", payload);
    json.writeEndObject();
  }
}
