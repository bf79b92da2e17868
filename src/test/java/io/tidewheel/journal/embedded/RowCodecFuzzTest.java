package io.tidewheel.journal.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Damaged rows are refused by name, also those whose checksum was made to fit. */
class RowCodecFuzzTest {
  private static final byte[] KEY = RowKey.of(new byte[] {1, 2, 3}, 7);

  @Property(tries = 5_000)
  void bytesThatAreNoRowAreRefused(@ForAll @Size(max = 200) byte[] bytes) {
    assertThatThrownBy(() -> RowCodec.decode("q", KEY, bytes)).isInstanceOf(StoreException.class);
  }

  @Property(tries = 5_000)
  void bytesWithAFittingChecksumAreARowOrRefused(
      @ForAll @Size(max = 200) byte[] bytes, @ForAll @IntRange(min = 0, max = 3) int flags) {
    ByteBuffer row = ByteBuffer.allocate(6 + bytes.length);
    row.put(RowCodec.VERSION).put((byte) flags).putInt(0).put(bytes);
    CRC32C crc = new CRC32C();
    crc.update(KEY);
    crc.update(row.array(), 0, 2);
    crc.update(row.array(), 6, bytes.length);
    row.putInt(2, (int) crc.getValue());
    try {
      assertThat(RowCodec.decode("q", KEY, row.array()).seqNr()).isEqualTo(7);
    } catch (StoreException e) {
      assertThat(e).hasMessageContaining("damaged");
    }
  }
}
