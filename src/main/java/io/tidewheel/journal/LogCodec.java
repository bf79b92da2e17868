package io.tidewheel.journal;

/**
 * The binary form of one family of events and of its state. Named in {@code
 * tidewheel.journal.codecs}; has a public constructor without parameters and no state.
 *
 * <p>A manifest is stable for ever: a changed form gets a new one, and the old one stays readable.
 *
 * @param <E> the events
 * @param <S> the state that goes into snapshots
 */
public interface LogCodec<E extends LogEvent, S extends LogState<E>> {
  /** First part of every manifest, e.g. {@code queue}. */
  String family();

  Class<E> eventType();

  Class<S> stateType();

  /**
   * Second part of the manifest, with the version of the form, e.g. {@code messages-appended-1}.
   */
  String manifest(E event);

  void encode(E event, Encoder out);

  /**
   * Reads an event back.
   *
   * @throws DecodingException if the bytes or the manifest are not of this codec
   */
  E decode(String manifest, Decoder in);

  /** The version of the snapshot's form, e.g. {@code state-1}. */
  String stateManifest();

  void encodeState(S state, Encoder out);

  /**
   * Reads a state back.
   *
   * @throws DecodingException if the bytes or the manifest are not of this codec
   */
  S decodeState(String manifest, Decoder in);
}
