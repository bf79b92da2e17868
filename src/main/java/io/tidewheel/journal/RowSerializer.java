package io.tidewheel.journal;

import akka.actor.ExtendedActorSystem;
import akka.serialization.SerializerWithStringManifest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes and reads rows and snapshots. The manifest says whose they are: {@code row/opened-1},
 * {@code row/checkpoint-1}, or the family of a {@link LogCodec} and its own manifest.
 */
final class RowSerializer extends SerializerWithStringManifest {
  static final int IDENTIFIER = 7_301;
  private static final String OPENED = "row/opened-1";
  private static final String CHECKPOINT = "row/checkpoint-1";

  private final Map<Class<?>, Family<?, ?>> familiesByType = new HashMap<>();
  private final Map<String, Family<?, ?>> familiesByName = new HashMap<>();

  /** Called by Akka, by the binding in {@code reference.conf}. */
  RowSerializer(ExtendedActorSystem system) {
    this(
        system.settings().config().getStringList("tidewheel.journal.codecs").stream()
            .map(RowSerializer::codec)
            .toList());
  }

  RowSerializer(List<LogCodec<?, ?>> codecs) {
    for (LogCodec<?, ?> codec : codecs) {
      Family<?, ?> family = new Family<>(codec);
      familiesByType.put(codec.eventType(), family);
      familiesByType.put(codec.stateType(), family);
      familiesByName.put(codec.family(), family);
    }
  }

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object object) {
    if (object instanceof LogRow.Opened<?>) {
      return OPENED;
    }
    if (object instanceof LogRow.Checkpoint<?>) {
      return CHECKPOINT;
    }
    if (object instanceof LogRow.Entry<?> entry) {
      return familyOf(entry.event()).manifest(entry.event());
    }
    FencedState<?, ?> state = (FencedState<?, ?>) object;
    return familyOf(state.state()).stateManifest();
  }

  @Override
  public byte[] toBinary(Object object) {
    if (object instanceof LogRow.Opened<?> opened) {
      Encoder out = new Encoder(64);
      out.writeUnsigned(opened.epoch());
      out.writeText(opened.node());
      out.writeUnsigned(opened.previousEpoch());
      out.writeUnsigned(opened.position());
      return out.toByteArray();
    }
    if (object instanceof LogRow.Checkpoint<?> checkpoint) {
      Encoder out = new Encoder(10);
      out.writeUnsigned(checkpoint.epoch());
      return out.toByteArray();
    }
    if (object instanceof LogRow.Entry<?> entry) {
      return familyOf(entry.event()).encode(entry);
    }
    FencedState<?, ?> state = (FencedState<?, ?>) object;
    return familyOf(state.state()).encodeState(state);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) {
    Decoder in = new Decoder(bytes);
    Object object;
    if (manifest.equals(OPENED)) {
      object =
          new LogRow.Opened<>(
              in.readUnsigned(), in.readText(), in.readUnsigned(), in.readUnsigned());
    } else if (manifest.equals(CHECKPOINT)) {
      object = new LogRow.Checkpoint<>(in.readUnsigned());
    } else {
      int slash = manifest.indexOf('/');
      Family<?, ?> family = familiesByName.get(manifest.substring(0, Math.max(0, slash)));
      if (family == null) {
        throw new DecodingException("unknown manifest " + manifest);
      }
      object = family.decode(manifest.substring(slash + 1), in);
    }
    in.expectEnd();
    return object;
  }

  private Family<?, ?> familyOf(Object object) {
    Family<?, ?> family = familiesByType.get(object.getClass());
    for (Class<?> type : object.getClass().getInterfaces()) {
      family = family == null ? familiesByType.get(type) : family;
    }
    if (family == null) {
      throw new IllegalArgumentException("no codec for " + object.getClass().getName());
    }
    return family;
  }

  static LogCodec<?, ?> codec(String className) {
    try {
      return Class.forName(className).asSubclass(LogCodec.class).getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "tidewheel.journal.codecs: expected codecs on the class path, but got " + className, e);
    }
  }

  /** Gives a codec its type back: rows reach the serializer without one. */
  private record Family<E extends LogEvent, S extends LogState<E>>(LogCodec<E, S> codec) {
    String manifest(Object event) {
      return codec.family() + '/' + codec.manifest(codec.eventType().cast(event));
    }

    String stateManifest() {
      return codec.family() + '/' + codec.stateManifest();
    }

    byte[] encode(LogRow.Entry<?> entry) {
      E event = codec.eventType().cast(entry.event());
      Encoder out = new Encoder(event.weight() + 64);
      out.writeUnsigned(entry.epoch());
      codec.encode(event, out);
      return out.toByteArray();
    }

    byte[] encodeState(FencedState<?, ?> state) {
      Encoder out = new Encoder(4 << 10);
      out.writeUnsigned(state.epoch());
      codec.encodeState(codec.stateType().cast(state.state()), out);
      return out.toByteArray();
    }

    Object decode(String manifest, Decoder in) {
      long epoch = in.readUnsigned();
      return manifest.equals(codec.stateManifest())
          ? FencedState.ofSnapshot(codec.decodeState(manifest, in), epoch)
          : new LogRow.Entry<>(epoch, codec.decode(manifest, in));
    }
  }
}
