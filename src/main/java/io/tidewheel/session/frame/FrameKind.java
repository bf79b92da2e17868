package io.tidewheel.session.frame;

import org.jspecify.annotations.Nullable;

/** The numbers of the kinds of frames; they never change their meaning. */
enum FrameKind {
  HELLO(1),
  OPEN_PUBLISHER(2),
  PUBLISH(3),
  SUBSCRIBE(4),
  WANT(5),
  SETTLE(6),
  UNSUBSCRIBE(7),
  GOODBYE(8),
  COST(9),
  PUSHBACK(10),
  BUSY(11),
  WATCH(12),
  WELCOME(33),
  MEMBERS(34),
  PLACEMENT(35),
  PUBLISHED(36),
  NOT_PUBLISHED(37),
  SUBSCRIBED(38),
  DELIVERIES(39),
  SETTLED(40),
  REFUSED(41),
  BACKLOG(42);

  private static final @Nullable FrameKind[] BY_NUMBER = new FrameKind[64];

  static {
    for (FrameKind kind : values()) {
      BY_NUMBER[kind.number] = kind;
    }
  }

  private final int number;

  FrameKind(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  static FrameKind of(long number) {
    FrameKind kind = number < 0 || number >= BY_NUMBER.length ? null : BY_NUMBER[(int) number];
    if (kind == null) {
      throw new FrameException(
          CloseCode.UNKNOWN_FRAME, "no kind of frame has the number " + number);
    }
    return kind;
  }
}
