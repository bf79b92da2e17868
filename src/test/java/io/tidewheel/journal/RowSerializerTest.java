package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.SumCodec.Added;
import io.tidewheel.journal.SumCodec.Sum;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowSerializerTest {
  private final RowSerializer serializer = new RowSerializer(List.of(new SumCodec()));

  private void assertGolden(Object row, String manifest, String hex) {
    assertThat(serializer.manifest(row)).isEqualTo(manifest);
    assertThat(HexFormat.of().formatHex(serializer.toBinary(row))).isEqualTo(hex);
    assertThat(serializer.fromBinary(HexFormat.of().parseHex(hex), manifest)).isEqualTo(row);
  }

  @Test
  void rowsHaveTheseBytesForEver() {
    assertGolden(
        new LogRow.Opened<Added>(300, "n1", 299, 70_000), "row/opened-1", "ac02026e31ab02f0a204");
    assertGolden(new LogRow.Checkpoint<Added>(300), "row/checkpoint-1", "ac02");
    assertGolden(new LogRow.Entry<>(1, new Added(5)), "sum/added-1", "0105");
  }

  @Test
  void aSnapshotHasTheseBytesForEver() {
    FencedState<Sum, Added> state = FencedState.ofSnapshot(new Sum(7), 3);
    assertThat(serializer.manifest(state)).isEqualTo("sum/state-1");
    assertThat(serializer.toBinary(state)).containsExactly(3, 7);

    FencedState<?, ?> read =
        (FencedState<?, ?>) serializer.fromBinary(new byte[] {3, 7}, "sum/state-1");
    assertThat(read.epoch()).isEqualTo(3);
    assertThat(read.state().position()).isEqualTo(7);
  }

  @Test
  void theIdentifierIsTheStoredOne() {
    assertThat(serializer.identifier()).isEqualTo(7_301);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "row", "row/opened-2", "sum", "sum/added-2", "other/added-1"})
  void refusesAnUnknownManifest(String manifest) {
    assertThatThrownBy(() -> serializer.fromBinary(new byte[] {1, 5}, manifest))
        .isInstanceOf(DecodingException.class);
  }

  @Test
  void refusesRowsThatAreCutOffOrTooLong() {
    byte[] bytes = serializer.toBinary(new LogRow.Opened<Added>(300, "n1", 299, 70_000));
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> serializer.fromBinary(cut, "row/opened-1"))
          .isInstanceOf(DecodingException.class);
    }
    assertThatThrownBy(() -> serializer.fromBinary(new byte[] {1, 5, 0}, "sum/added-1"))
        .isInstanceOf(DecodingException.class);
  }

  @Test
  void refusesToWriteWhatHasNoCodec() {
    LogEvent foreign = () -> 1;
    assertThatThrownBy(() -> serializer.manifest(new LogRow.Entry<>(1, foreign)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no codec");
  }
}
