package io.tidewheel.http;

import io.tidewheel.message.Message;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.ReceiptCodec;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Writes deliveries as a pull answers them, with their payloads unchanged. */
final class DeliveryWriter {
  /** Receipt, times and names of fields. */
  private static final int EXPECTED_BYTES_EACH = 320;

  private final ReceiptCodec receipts;

  DeliveryWriter(ReceiptCodec receipts) {
    this.receipts = receipts;
  }

  JsonBytes write(List<Delivery> deliveries) {
    long expected = 32;
    for (Delivery delivery : deliveries) {
      expected += EXPECTED_BYTES_EACH + delivery.message().payload().length;
    }
    JsonBytes json = new JsonBytes((int) Math.min(expected, 16 << 20));
    json.literal("{\"messages\":[");
    Times times = new Times();
    for (int i = 0; i < deliveries.size(); i++) {
      if (i > 0) {
        json.literal(",");
      }
      write(json, deliveries.get(i), times);
    }
    return json.literal("]}");
  }

  /** Messages stored together have one time: its text is made once. */
  private static final class Times {
    private long lastMillis = -1;
    private String last = "";

    String text(long millis) {
      if (millis != lastMillis) {
        last = Instant.ofEpochMilli(millis).toString();
        lastMillis = millis;
      }
      return last;
    }
  }

  private void write(JsonBytes json, Delivery delivery, Times times) {
    Message message = delivery.message();
    int queue = delivery.receipt().queue();
    long offset = delivery.receipt().offset();
    json.literal("{\"receipt\":").string(receipts.encode(delivery.receipt())).literal(",");
    writeMessage(json, message, queue, offset);
    json.literal(",\"attempt\":").number(delivery.attempt());
    json.literal(",\"publishedAt\":\"");
    json.literal(times.text(delivery.publishedAtMillis())).literal("\"}");
  }

  /** The fields of a message, from its id to its place, without brackets. */
  static void writeMessage(JsonBytes json, Message message, int queue, long offset) {
    json.literal("\"id\":");
    String id = message.id();
    if (id != null) {
      json.string(id);
    } else {
      json.literal("\"").number(queue).literal("-").number(offset).literal("\"");
    }
    if (message.key() != null) {
      json.literal(",\"key\":").string(message.key());
    }
    if (!message.headers().isEmpty()) {
      writeHeaders(json, message.headers());
    }
    if (message.contentType() != null) {
      json.literal(",\"contentType\":").string(message.contentType());
    }
    writePayload(json, message);
    json.literal(",\"queue\":").number(queue).literal(",\"offset\":").number(offset);
  }

  private static void writeHeaders(JsonBytes json, Map<String, String> headers) {
    String separator = ",\"headers\":{";
    for (Map.Entry<String, String> header : headers.entrySet()) {
      json.literal(separator).string(header.getKey()).literal(":").string(header.getValue());
      separator = ",";
    }
    json.literal("}");
  }

  static void writePayload(JsonBytes json, Message message) {
    byte[] payload = message.payload();
    if (!Utf8.isValid(payload)) {
      json.literal(",\"bodyBase64\":").base64String(payload);
      return;
    }
    String contentType = message.contentType();
    if (contentType != null && JsonTypes.isJson(contentType) && Json.isValue(payload)) {
      json.literal(",\"body\":").value(payload);
    } else {
      json.literal(",\"bodyText\":").utf8String(payload);
    }
  }
}
