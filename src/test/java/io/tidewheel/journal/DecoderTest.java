package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {
  private static final List<Consumer<Decoder>> READS =
      List.of(
          Decoder::readByte,
          Decoder::readUnsigned,
          Decoder::readCount,
          Decoder::readSize,
          Decoder::readSigned,
          Decoder::readFixed64,
          Decoder::readBlob,
          Decoder::readText,
          Decoder::readNullableText,
          Decoder::readTexts);

  private static Decoder of(String hex) {
    return new Decoder(HexFormat.of().parseHex(hex));
  }

  @Test
  void everyReadOfNothingIsRefused() {
    assertThat(READS)
        .allSatisfy(
            read ->
                assertThatThrownBy(() -> read.accept(new Decoder(new byte[0])))
                    .isInstanceOf(DecodingException.class));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ffffffff07", "8080808008", "ffffffffffffffff7f", "05", "01"})
  void aLengthBeyondTheEndIsRefusedBeforeMemoryIsTaken(String hex) {
    assertThatThrownBy(() -> of(hex).readBlob()).isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> of(hex).readText()).isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> of(hex).readTexts()).isInstanceOf(DecodingException.class);
  }

  @Test
  void numbersThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> of("ffffffffffffffffff01").readUnsigned())
        .isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> of("ffffffffffffffffffff01").readSigned())
        .isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> of("8080808008").readCount()).isInstanceOf(DecodingException.class);
    assertThat(of("ffffffff07").readCount()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void bytesLeftOverAreRefused() {
    Decoder in = of("0102");
    in.readByte();
    assertThatThrownBy(in::expectEnd)
        .isInstanceOf(DecodingException.class)
        .hasMessage("1 bytes left over");
  }

  @Property(tries = 200)
  void everyTruncatedFormIsRefused(@ForAll byte[] blob, @ForAll long number) {
    Encoder out = new Encoder(0);
    out.writeSigned(number);
    out.writeBlob(blob);
    out.writeNullableText("nullable");
    out.writeTexts(Map.of("name", "value"));
    out.writeFixed64(number);
    byte[] whole = out.toByteArray();
    for (int length = 0; length < whole.length; length++) {
      Decoder in = new Decoder(Arrays.copyOf(whole, length));
      assertThatThrownBy(
              () -> {
                in.readSigned();
                in.readBlob();
                in.readNullableText();
                in.readTexts();
                in.readFixed64();
              })
          .isInstanceOf(DecodingException.class);
    }
  }

  @Property(tries = 200)
  void anyBytesAreReadOrRefused(@ForAll byte[] bytes, @ForAll List<Integer> choices) {
    Decoder in = new Decoder(bytes);
    try {
      for (int choice : choices) {
        READS.get(Math.floorMod(choice, READS.size())).accept(in);
      }
    } catch (DecodingException e) {
      assertThat(e).hasMessageContaining("byte");
    }
  }
}
