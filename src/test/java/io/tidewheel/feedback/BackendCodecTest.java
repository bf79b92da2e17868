package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.feedback.BackendEvent.Changed;
import io.tidewheel.feedback.BackendEvent.Setup;
import io.tidewheel.feedback.BackendEvent.Signal;
import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The stored bytes: they may only change with a new manifest. */
class BackendCodecTest {
  private static final Setup SLOW = new Setup(1_000.0, Signal.SLOW, 200, 1_700_000_000_000L, "gc");

  private final BackendCodec codec = new BackendCodec();

  @Test
  void eventsHaveTheseBytes() {
    Encoder out = new Encoder(16);
    codec.encode(new Changed(SLOW), out);
    assertThat(codec.manifest(new Changed(SLOW))).isEqualTo("changed-1");
    assertThat(HexFormat.of().formatHex(out.toByteArray()))
        .isEqualTo("01408f400000000000014069000000000000" + "80d095ffbc31" + "03" + "6763");
    assertThat(codec.decode("changed-1", new Decoder(out.toByteArray())))
        .isEqualTo(new Changed(SLOW));
  }

  @Test
  void statesHaveTheseBytes() {
    Encoder out = new Encoder(16);
    codec.encodeState(BackendState.of(5, Setup.NONE), out);
    assertThat(HexFormat.of().formatHex(out.toByteArray()))
        .isEqualTo("0500000000000000000000" + "0000");
    BackendState read = codec.decodeState("state-1", new Decoder(out.toByteArray()));
    assertThat(read.position()).isEqualTo(5);
    assertThat(read.setup()).isEqualTo(Setup.NONE);
  }

  @Test
  void refusesWhatItDidNotWrite() {
    byte[] unknownSignal = {0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    assertThatThrownBy(() -> codec.decode("changed-1", new Decoder(unknownSignal)))
        .isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> codec.decode("changed-2", new Decoder(new byte[0])))
        .isInstanceOf(DecodingException.class);
    assertThatThrownBy(() -> codec.decodeState("state-2", new Decoder(new byte[0])))
        .isInstanceOf(DecodingException.class);
  }

  @Test
  void aSignalEndsAtItsTime() {
    assertThat(SLOW.at(1_699_999_999_999L).calls()).isEqualTo(200);
    assertThat(SLOW.at(1_700_000_000_000L).calls()).isEqualTo(1_000);
    assertThat(SLOW.withBudget(100.0).calls()).isEqualTo(100);
    assertThat(new Setup(null, Signal.STOP, 0, 5, null).calls()).isZero();
  }
}
