package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class EncoderTest {
  static String hex(Consumer<Encoder> write) {
    Encoder out = new Encoder(0);
    write.accept(out);
    assertThat(out.toByteArray()).hasSize(out.length());
    return HexFormat.of().formatHex(out.toByteArray());
  }

  @Test
  void writesTheseBytes() {
    assertThat(hex(out -> out.writeByte(0x1ff))).isEqualTo("ff");
    assertThat(hex(out -> out.writeUnsigned(0))).isEqualTo("00");
    assertThat(hex(out -> out.writeUnsigned(127))).isEqualTo("7f");
    assertThat(hex(out -> out.writeUnsigned(128))).isEqualTo("8001");
    assertThat(hex(out -> out.writeUnsigned(Long.MAX_VALUE))).isEqualTo("ffffffffffffffff7f");
    assertThat(hex(out -> out.writeSigned(-1))).isEqualTo("01");
    assertThat(hex(out -> out.writeSigned(64))).isEqualTo("8001");
    assertThat(hex(out -> out.writeSigned(Long.MIN_VALUE))).isEqualTo("ffffffffffffffffff01");
    assertThat(hex(out -> out.writeFixed64(0x0102030405060708L))).isEqualTo("0102030405060708");
    assertThat(hex(out -> out.writeBlob(new byte[] {7, 8}))).isEqualTo("020708");
    assertThat(hex(out -> out.writeText("é"))).isEqualTo("02c3a9");
    assertThat(hex(out -> out.writeNullableText(null))).isEqualTo("00");
    assertThat(hex(out -> out.writeNullableText(""))).isEqualTo("01");
    assertThat(hex(out -> out.writeNullableText("a"))).isEqualTo("0261");
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("b", "1");
    texts.put("a", "");
    assertThat(hex(out -> out.writeTexts(texts))).isEqualTo("02016201310161" + "00");
  }

  @Test
  void refusesANegativeNumber() {
    assertThatThrownBy(() -> new Encoder(8).writeUnsigned(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Property
  void readsBackWhatItWrote(
      @ForAll @LongRange(min = 0) long unsigned,
      @ForAll long signed,
      @ForAll byte[] blob,
      @ForAll int octet) {
    String text = "text " + signed;
    Encoder out = new Encoder(0);
    out.writeUnsigned(unsigned);
    out.writeSigned(signed);
    out.writeFixed64(signed);
    out.writeByte(octet);
    out.writeBlob(blob);
    out.writeText(text);
    out.writeNullableText(text);
    out.writeNullableText(null);
    out.writeTexts(Map.of("k", text));

    Decoder in = new Decoder(out.toByteArray());
    assertThat(in.readUnsigned()).isEqualTo(unsigned);
    assertThat(in.readSigned()).isEqualTo(signed);
    assertThat(in.readFixed64()).isEqualTo(signed);
    assertThat(in.readByte()).isEqualTo(octet & 0xff);
    assertThat(in.readBlob()).isEqualTo(blob);
    assertThat(in.readText()).isEqualTo(text);
    assertThat(in.readNullableText()).isEqualTo(text);
    assertThat(in.readNullableText()).isNull();
    assertThat(in.readTexts()).isEqualTo(Map.of("k", text));
    in.expectEnd();
  }
}
