package io.tidewheel.journal;

/** The smallest log there is, for tests of what all logs share: it adds numbers up. */
public final class SumCodec implements LogCodec<SumCodec.Added, SumCodec.Sum> {
  record Added(int number) implements LogEvent {
    @Override
    public int weight() {
      return number;
    }
  }

  static final class Sum implements LogState<Added> {
    private long sum;

    Sum(long sum) {
      this.sum = sum;
    }

    @Override
    public void apply(Added event) {
      sum += event.number();
    }

    @Override
    public long position() {
      return sum;
    }
  }

  public SumCodec() {}

  @Override
  public String family() {
    return "sum";
  }

  @Override
  public Class<Added> eventType() {
    return Added.class;
  }

  @Override
  public Class<Sum> stateType() {
    return Sum.class;
  }

  @Override
  public String manifest(Added event) {
    return "added-1";
  }

  @Override
  public void encode(Added event, Encoder out) {
    out.writeUnsigned(event.number());
  }

  @Override
  public Added decode(String manifest, Decoder in) {
    if (!manifest.equals("added-1")) {
      throw new DecodingException("unknown manifest sum/" + manifest);
    }
    return new Added(in.readCount());
  }

  @Override
  public String stateManifest() {
    return "state-1";
  }

  @Override
  public void encodeState(Sum state, Encoder out) {
    out.writeUnsigned(state.position());
  }

  @Override
  public Sum decodeState(String manifest, Decoder in) {
    return new Sum(in.readUnsigned());
  }
}
