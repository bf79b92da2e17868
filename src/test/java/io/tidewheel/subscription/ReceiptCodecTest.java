package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ReceiptCodecTest {
  private static final byte[] KEY =
      "0123456789abcdef0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  private final ReceiptCodec codec = new ReceiptCodec(KEY);

  @Property
  void givesBackWhatItWasGiven(
      @ForAll long uid,
      @ForAll long generation,
      @ForAll int queue,
      @ForAll long offset,
      @ForAll int incarnation,
      @ForAll int delivery) {
    Receipt receipt = new Receipt(uid, generation, queue, offset, incarnation, delivery);
    String text = codec.encode(receipt);
    assertThat(text).matches("[A-Za-z0-9_-]{1,110}");
    assertThat(codec.decode(text)).isEqualTo(receipt);
  }

  @Test
  void refusesEveryTextThatDiffersInOneCharacter() {
    String text = codec.encode(new Receipt(70, 1, 2, 1_234_567, -99, 3));
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ";
    for (int i = 0; i < text.length(); i++) {
      for (int j = 0; j < alphabet.length(); j++) {
        char other = alphabet.charAt(j);
        if (other != text.charAt(i)) {
          assertThat(codec.decode(text.substring(0, i) + other + text.substring(i + 1))).isNull();
        }
      }
    }
  }

  @Test
  void refusesWhatItDidNotMake() {
    String text = codec.encode(new Receipt(70, 1, 2, 5, 9, 1));
    String foreign = new ReceiptCodec(new byte[16]).encode(new Receipt(70, 1, 2, 5, 9, 1));
    for (String bad :
        List.of(
            "",
            "A",
            "=",
            "äöü",
            foreign,
            text + "A",
            text + "=",
            text + text,
            "A".repeat(100_000))) {
      assertThat(codec.decode(bad)).as(bad.substring(0, Math.min(20, bad.length()))).isNull();
    }
    assertThat(codec.decode(text.substring(1))).isNull();
  }

  @Test
  void refusesAShortKey() {
    assertThatThrownBy(() -> new ReceiptCodec(new byte[15])).hasMessageContaining("receipt key");
  }
}
