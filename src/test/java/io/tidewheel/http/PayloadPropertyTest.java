package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidewheel.message.Message;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.ReceiptCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Payload bytes come out of the JSON as they went in. */
class PayloadPropertyTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Property(tries = 500)
  void jsonBodiesOfABatchAreTheBytesOfTheRequest(
      @ForAll("jsonTexts") List<String> values, @ForAll("spaces") String space) {
    StringBuilder body = new StringBuilder("{\"messages\":[");
    for (int i = 0; i < values.size(); i++) {
      body.append(i == 0 ? "" : ",")
          .append(space)
          .append("{\"key\":\"kä\",\"body\":")
          .append(space)
          .append(values.get(i))
          .append(space)
          .append('}');
    }
    body.append("]}");
    List<Message> messages =
        BatchReader.read(body.toString().getBytes(StandardCharsets.UTF_8)).messages();
    assertThat(messages).hasSameSizeAs(values);
    for (int i = 0; i < values.size(); i++) {
      assertThat(new String(messages.get(i).payload(), StandardCharsets.UTF_8))
          .isEqualTo(values.get(i));
    }
  }

  @Property(tries = 500)
  void base64BodiesAreDecoded(@ForAll byte[] payload, @ForAll boolean isEscaped) {
    String text = Base64.getEncoder().encodeToString(payload);
    String json = isEscaped ? text.replace("/", "\\/") : text;
    String body = "{\"messages\":[{\"bodyBase64\":\"" + json + "\",\"id\":\"i\"}]}";
    Message message = BatchReader.read(body.getBytes(StandardCharsets.UTF_8)).messages().get(0);
    assertThat(message.payload()).isEqualTo(payload);
    assertThat(message.id()).isEqualTo("i");
  }

  @Property(tries = 500)
  void anyPayloadComesBackFromAPull(
      @ForAll byte[] payload, @ForAll("contentTypes") String contentType) throws Exception {
    assertThat(pulled(payload, contentType)).isEqualTo(payload);
  }

  @Property(tries = 500)
  void textsComeBackFromAPull(@ForAll String text, @ForAll("contentTypes") String contentType)
      throws Exception {
    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
    assertThat(pulled(payload, contentType)).isEqualTo(payload);
  }

  @Property(tries = 500)
  void jsonIsSplicedIntoAPull(@ForAll("jsonText") String value, @ForAll("spaces") String space) {
    String payload = space + value + space;
    Message message =
        Message.of(payload.getBytes(StandardCharsets.UTF_8)).withContentType("application/json");
    assertThat(new String(write(message), StandardCharsets.UTF_8))
        .contains(",\"body\":" + payload + ",\"queue\":");
  }

  @Property(tries = 500)
  void idsKeysAndHeadersComeBackFromAPull(@ForAll("characters") String text) throws Exception {
    Message message =
        Message.of(text, text, java.util.Map.of("h" + text, text), null, new byte[0], 0, 0);
    JsonNode read = MAPPER.readTree(write(message)).at("/messages/0");
    assertThat(read.get("id").asText()).isEqualTo(text);
    assertThat(read.get("key").asText()).isEqualTo(text);
    assertThat(read.get("headers").get("h" + text).asText()).isEqualTo(text);
  }

  @Property(tries = 1_000)
  void utf8IsWhatTheDecoderOfTheJdkTakes(@ForAll byte[] bytes) {
    boolean isValid;
    try {
      StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes));
      isValid = true;
    } catch (java.nio.charset.CharacterCodingException e) {
      isValid = false;
    }
    assertThat(Utf8.isValid(bytes)).isEqualTo(isValid);
  }

  @Property(tries = 500)
  void percentTextIsWhatWasEncoded(@ForAll("characters") String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      encoded.append(String.format("%%%02x", octet));
    }
    assertThat(PercentText.decode(encoded.toString())).isEqualTo(text);
  }

  private static byte[] pulled(byte[] payload, String contentType) throws Exception {
    Message message =
        Message.of(payload).withContentType(contentType.isEmpty() ? null : contentType);
    byte[] written = write(message);
    JsonNode read = MAPPER.readTree(written).at("/messages/0");
    if (read.has("bodyBase64")) {
      return read.get("bodyBase64").binaryValue();
    }
    if (read.has("bodyText")) {
      return read.get("bodyText").asText().getBytes(StandardCharsets.UTF_8);
    }
    String text = new String(written, StandardCharsets.UTF_8);
    int start = text.indexOf(",\"body\":") + 8;
    return text.substring(start, text.lastIndexOf(",\"queue\":")).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] write(Message message) {
    DeliveryWriter writer = new DeliveryWriter(new ReceiptCodec(new byte[32]));
    Receipt receipt = new Receipt(1, 1, 2, 3, 4, 1);
    return writer.write(List.of(new Delivery(receipt, message, 1, 0, 0))).toByteArray();
  }

  @Provide
  Arbitrary<String> contentTypes() {
    return Arbitraries.of(
        "", "application/json", "text/plain", "application/x+json;charset=UTF-8", "image/png");
  }

  @Provide
  Arbitrary<String> spaces() {
    return Arbitraries.of("", " ", "\n", "\r\n\t ");
  }

  @Provide
  Arbitrary<String> characters() {
    return Arbitraries.strings().filter(text -> Utf8.encodedLength(text) >= 0);
  }

  @Provide
  Arbitrary<List<String>> jsonTexts() {
    return jsonText().list().ofMinSize(1).ofMaxSize(5);
  }

  /** JSON texts that differ from what a library would write for the same value. */
  @Provide
  Arbitrary<String> jsonText() {
    Arbitrary<String> scalars =
        Arbitraries.of(
            "null",
            "true",
            "0",
            "-0",
            "1.0",
            "1e5",
            "1E+05",
            "-12.340",
            "123456789012345678901234567890",
            "\"\"",
            "\"\\u00e4\\/\\n\"",
            "\"ä€😀\"",
            "\"\\ud800\"",
            "\"a\\\\\\\"\"",
            "{}",
            "[ ]",
            "{ \"b\" : 1,\"a\":2 }");
    return Arbitraries.lazyOf(
        () -> scalars,
        () -> scalars,
        () ->
            Combinators.combine(jsonText().list().ofMaxSize(3), spaces())
                .as((items, space) -> "[" + space + String.join("," + space, items) + space + "]"),
        () ->
            Combinators.combine(jsonText().list().ofMaxSize(3), spaces())
                .as(PayloadPropertyTest::object));
  }

  private static String object(List<String> values, String space) {
    List<String> fields = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      fields.add("\"f" + i + "\"" + space + ":" + space + values.get(i));
    }
    return "{" + space + String.join(",", fields) + space + "}";
  }
}
