package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.embedded.StoreException.Kind;
import io.tidewheel.journal.embedded.StoredRow.Serialized;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RowCodecTest {
  private static final byte[] PREFIX = RowKey.prefix("queue-1");

  @Test
  void readsBackWhatItWrote() {
    StoredRow row = row(7, 4, Optional.of(serialized(9, "meta", "extra")));
    EncodedRow encoded = RowCodec.encode(PREFIX, row);
    StoredRow read = RowCodec.decode("queue-1", encoded.key(), value(encoded));
    assertThat(read)
        .isEqualTo(
            new StoredRow(
                7, 4, 123, "writer", "adapter", row.metadata(), row.payload(), encoded.bytes()));
  }

  @Test
  void keepsItsStoredForm() {
    // What is on disks out there: changing this needs a new version, not a new expectation.
    EncodedRow encoded = RowCodec.encode(PREFIX, row(2, 1, Optional.empty()));
    assertThat(HexFormat.of().formatHex(encoded.key()))
        .isEqualTo("71756575652d31000000000000000002");
    assertThat(HexFormat.of().formatHex(value(encoded)))
        .isEqualTo(
            "01002bbf6ff900000004000000000000007b00086d616e6966657374000761646170746572"
                + "00067772697465727061796c6f6164");
  }

  @Test
  void namesTheRowWhenAnyByteIsChanged() {
    EncodedRow encoded = RowCodec.encode(PREFIX, row(2, 1, Optional.empty()));
    byte[] value = value(encoded);
    for (int at = 0; at < value.length; at++) {
      byte[] changed = value.clone();
      changed[at] ^= 0x40;
      assertThatThrownBy(() -> RowCodec.decode("queue-1", encoded.key(), changed))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("stored row 2 of queue-1");
    }
  }

  @Test
  void namesTheRowWhenItIsCut() {
    EncodedRow encoded = RowCodec.encode(PREFIX, row(2, 1, Optional.empty()));
    byte[] value = value(encoded);
    for (int length = 0; length < value.length; length++) {
      byte[] cut = Arrays.copyOf(value, length);
      assertThatThrownBy(() -> RowCodec.decode("queue-1", encoded.key(), cut))
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT));
    }
  }

  @Test
  void refusesTheValueOfAnotherKey() {
    EncodedRow encoded = RowCodec.encode(PREFIX, row(2, 1, Optional.empty()));
    assertThatThrownBy(() -> RowCodec.decode("queue-1", RowKey.of(PREFIX, 3), value(encoded)))
        .hasMessageContaining("stored row 3 of queue-1 is damaged");
  }

  @Test
  void refusesIdsItCannotKeep() {
    assertThatThrownBy(() -> RowKey.prefix("")).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> RowKey.prefix("a\0b")).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> RowKey.prefix("x".repeat(1025))).isInstanceOf(StoreException.class);
    assertThat(RowKey.prefix("x".repeat(1024))).hasSize(1025);
  }

  private static StoredRow row(long seqNr, long previous, Optional<Serialized> metadata) {
    return new StoredRow(
        seqNr,
        previous,
        123,
        "writer",
        "adapter",
        metadata,
        serialized(4, "manifest", "payload"),
        0);
  }

  private static Serialized serialized(int id, String manifest, String text) {
    return new Serialized(id, manifest, ByteBuffer.wrap(text(text)));
  }

  private static byte[] value(EncodedRow row) {
    return ByteBuffer.allocate(row.bytes()).put(row.head()).put(row.payload()).array();
  }
}
