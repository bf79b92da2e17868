package io.tidewheel.client;

import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.session.frame.Frame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A message in the hands of a worker. */
public final class Delivery {
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              com.fasterxml.jackson.core.JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(Limits.MAX_PAYLOAD_BYTES)
                          .maxNestingDepth(200)
                          .build())
                  .build())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Frame.Delivered delivered;

  Delivery(Frame.Delivered delivered) {
    this.delivered = delivered;
  }

  /** The message as it was published. */
  public Message message() {
    return delivered.message();
  }

  public @Nullable String id() {
    return message().id();
  }

  public @Nullable String key() {
    return message().key();
  }

  public Map<String, String> headers() {
    return message().headers();
  }

  /** Null if there is none of this name. */
  public @Nullable String header(String name) {
    return headers().get(name);
  }

  public @Nullable String contentType() {
    return message().contentType();
  }

  /** The payload itself, not a copy: read only. */
  public byte[] payload() {
    return message().payload();
  }

  /** The payload as UTF-8. */
  public String text() {
    return new String(payload(), StandardCharsets.UTF_8);
  }

  /**
   * The payload read as JSON; fields that the type does not have are passed over.
   *
   * @throws PermanentException if it is no such value
   */
  public <T> T as(Class<T> type) {
    try {
      return JSON.readValue(payload(), type);
    } catch (IOException e) {
      throw new PermanentException(
          "malformed", "the payload is no JSON of " + type.getSimpleName() + ": " + e.getMessage());
    }
  }

  /** The ordinal of this delivery of the message, from 1. */
  public int attempt() {
    return delivered.attempt();
  }

  public int queue() {
    return delivered.handle().queue();
  }

  public long offset() {
    return delivered.handle().offset();
  }

  public Instant publishedAt() {
    return Instant.ofEpochMilli(delivered.publishedAtMillis());
  }

  /** Where it is, without its payload. */
  @Override
  public String toString() {
    return "Delivery[" + queue() + "/" + offset() + ", attempt " + attempt() + "]";
  }
}
