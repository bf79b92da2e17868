package io.tidewheel.session.frame;

/**
 * Why a session is closed. Up to 1015 the codes are those of RFC 6455; the others are this
 * protocol's own. Numbers never change their meaning.
 */
public enum CloseCode {
  /** Nothing is wrong. */
  NORMAL(1000),
  /** The node or the client stops. */
  GOING_AWAY(1001),
  /** Not a websocket frame as RFC 6455 has it. */
  WEBSOCKET_ERROR(1002),
  /** A text message: frames are binary. */
  NOT_BINARY(1003),
  /** A message larger than the session's bound. */
  TOO_LARGE(1009),
  /** Something failed in the broker. */
  INTERNAL_ERROR(1011),
  /** Not CBOR, or not the fields of its frame. */
  MALFORMED(4000),
  /** A frame at the wrong time: before the hello, a second hello, or for an unknown reference. */
  OUT_OF_ORDER(4001),
  /** A frame of a kind that is not known. */
  UNKNOWN_FRAME(4002),
  /** A version of the protocol that is not spoken here. */
  WRONG_VERSION(4003),
  /** More than the bounds of the session allow. */
  FLOOD(4004),
  /** The other side does not read. */
  SLOW_READER(4005),
  /** Nothing was heard for too long. */
  SILENT(4006);

  private final int number;

  CloseCode(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
