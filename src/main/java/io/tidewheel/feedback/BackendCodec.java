package io.tidewheel.feedback;

import io.tidewheel.feedback.BackendEvent.Changed;
import io.tidewheel.feedback.BackendEvent.Setup;
import io.tidewheel.feedback.BackendEvent.Signal;
import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.journal.LogCodec;
import org.jspecify.annotations.Nullable;

/** The binary form of what is stored about backends. Rates are the bits of doubles. */
public final class BackendCodec implements LogCodec<BackendEvent, BackendState> {
  private static final String CHANGED = "changed-1";
  private static final String STATE = "state-1";

  /** For the codecs named in {@code tidewheel.journal.codecs}. */
  public BackendCodec() {}

  @Override
  public String family() {
    return "backend";
  }

  @Override
  public Class<BackendEvent> eventType() {
    return BackendEvent.class;
  }

  @Override
  public Class<BackendState> stateType() {
    return BackendState.class;
  }

  @Override
  public String manifest(BackendEvent event) {
    return CHANGED;
  }

  @Override
  public void encode(BackendEvent event, Encoder out) {
    write(((Changed) event).setup(), out);
  }

  @Override
  public BackendEvent decode(String manifest, Decoder in) {
    if (!manifest.equals(CHANGED)) {
      throw new DecodingException("unknown manifest backend/" + manifest);
    }
    return new Changed(read(in));
  }

  @Override
  public String stateManifest() {
    return STATE;
  }

  @Override
  public void encodeState(BackendState state, Encoder out) {
    out.writeUnsigned(state.position());
    write(state.setup(), out);
  }

  @Override
  public BackendState decodeState(String manifest, Decoder in) {
    if (!manifest.equals(STATE)) {
      throw new DecodingException("unknown manifest backend/" + manifest);
    }
    return BackendState.of(in.readUnsigned(), read(in));
  }

  private static void write(Setup setup, Encoder out) {
    Double budget = setup.budget();
    out.writeByte(budget == null ? 0 : 1);
    if (budget != null) {
      out.writeFixed64(Double.doubleToLongBits(budget));
    }
    out.writeByte(
        switch (setup.signal()) {
          case NONE -> 0;
          case SLOW -> 1;
          case STOP -> 2;
        });
    out.writeFixed64(Double.doubleToLongBits(setup.rate()));
    out.writeUnsigned(setup.untilMillis());
    out.writeNullableText(setup.reason());
  }

  private static Setup read(Decoder in) {
    @Nullable Double budget = null;
    if (in.readByte() != 0) {
      budget = Double.longBitsToDouble(in.readFixed64());
    }
    int code = in.readByte();
    Signal signal =
        switch (code) {
          case 0 -> Signal.NONE;
          case 1 -> Signal.SLOW;
          case 2 -> Signal.STOP;
          default -> throw new DecodingException("unknown signal " + code);
        };
    return new Setup(
        budget,
        signal,
        Double.longBitsToDouble(in.readFixed64()),
        in.readUnsigned(),
        in.readNullableText());
  }
}
