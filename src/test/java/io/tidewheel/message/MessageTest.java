package io.tidewheel.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessageTest {
  private static final byte[] PAYLOAD = "tide".getBytes(StandardCharsets.UTF_8);

  @Test
  void keepsHeadersInTheirOrderWhateverHappensToTheMapOfTheCaller() {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("z", "1");
    headers.put("a", "2");
    Message message = Message.of(null, null, headers, null, PAYLOAD, 0, 0);
    headers.put("late", "3");
    assertThat(message.headers()).containsExactly(Map.entry("z", "1"), Map.entry("a", "2"));
    assertThatThrownBy(() -> message.headers().put("x", "y"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void partsAreChangedOneByOne() {
    Message message =
        Message.of(PAYLOAD)
            .withId("id")
            .withKey("key")
            .withContentType("text/plain")
            .withHeaders(Map.of("h", "v"));
    assertThat(message)
        .isEqualTo(
            Message.of(
                "id",
                "key",
                Map.of("h", "v"),
                "text/plain",
                PAYLOAD.clone(),
                Message.FOR_ALL,
                Message.NEVER))
        .hasSameHashCodeAs(message.withId("id"));
    assertThat(message.withId("other")).isNotEqualTo(message);
    assertThat(message.withKey(null)).isNotEqualTo(message);
    assertThat(message.withContentType(null)).isNotEqualTo(message);
    assertThat(message.withHeaders(Map.of())).isNotEqualTo(message);
    assertThat(Message.of(new byte[4])).isNotEqualTo(Message.of(PAYLOAD));
  }

  @Test
  void weighsAllItsParts() {
    int empty = Message.of(new byte[0]).weight();
    Message full = Message.of("id", "key", Map.of("name", "value"), "text/plain", PAYLOAD, 7, 8);
    assertThat(full.weight()).isEqualTo(empty + 4 + 2 * (2 + 3 + 4 + 5 + 10));
  }

  /** Sums of checksums compare what was stored with what is read: never change these values. */
  @Test
  void checksumDependsOnPayloadAndOffset() {
    assertThat(Long.toHexString(Message.of(PAYLOAD).checksumAt(0))).isEqualTo("f7069805efa0fb95");
    assertThat(Long.toHexString(Message.of(PAYLOAD).checksumAt(1L << 40)))
        .isEqualTo("cf19449b41e79f38");
    assertThat(Message.of(PAYLOAD).checksumAt(1)).isNotEqualTo(Message.of(PAYLOAD).checksumAt(2));
  }

  /** What can't be stored must not get as far as a queue's core, which would stop over it. */
  @Test
  void refusesUidsAndTimesThatCannotBeStored() {
    assertThatThrownBy(() -> Message.of(null, null, Map.of(), null, PAYLOAD, -1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> Message.of(null, null, Map.of(), null, PAYLOAD, 0, -5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-5");
  }

  @Test
  void logsNeitherPayloadNorKey() {
    assertThat(Message.of(PAYLOAD).withKey("secret").withHeaders(Map.of("a", "hidden")))
        .hasToString("Message[4 bytes, 1 headers]");
  }
}
