package io.tidewheel.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyHashTest {
  /** Keys stored yesterday must find their queue for ever: never change these values. */
  @ParameterizedTest
  @CsvSource({
    "'', efd01f60ba992926",
    "a, 82a2a958a9bece5b",
    "order-1, 491b422e3af0d9a5",
    "order-2, aaca0c2aeae39bab",
    "192.168.0.1, 49bc1b8ed85dd527",
    "Überweisung, 96d94ca8ae75b6b0",
    "注文, 3520439fcbe588de",
    "🌊, 25117885e8c09abd"
  })
  void valuesAreStableForEver(String key, String hash) {
    assertThat(Long.toHexString(KeyHash.of(key))).isEqualTo(hash);
  }

  @Test
  void queueOfUsesTheWholeHashWithoutSign() {
    assertThat(KeyHash.queueOf(-1, 10)).isEqualTo(5);
    assertThat(KeyHash.queueOf(Long.MIN_VALUE, 10)).isEqualTo(8);
    assertThat(KeyHash.queueOf(123, 1)).isZero();
  }

  @Test
  void spreadsSimilarKeys() {
    int[] counts = new int[8];
    for (int i = 0; i < 8_000; i++) {
      counts[KeyHash.queueOf(KeyHash.of("customer-" + i), 8)]++;
    }
    assertThat(java.util.Arrays.stream(counts).boxed())
        .allSatisfy(count -> assertThat(count).isBetween(850, 1_150));
  }

  /** Whoever hashes the stored bytes of a key gets the queue that its text was sent to. */
  @Property(tries = 2_000)
  void hashesTheUtf8Bytes(@ForAll("texts") String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * 0x100000001b3L;
    }
    assertThat(KeyHash.of(text)).isEqualTo(KeyHash.mix(hash));
  }

  /** All of UTF-16, also halves of surrogate pairs. */
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings()
        .withCharRange((char) 0, '\uffff')
        .withCharRange('\ud7f0', '\ue010')
        .withCharRange('a', 'z')
        .ofMaxLength(20);
  }
}
