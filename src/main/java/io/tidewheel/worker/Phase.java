package io.tidewheel.worker;

/** What a pull worker is doing. */
enum Phase {
  /** The board was asked. */
  LOOKING,
  PULLING,
  /** There is nothing now. */
  WAITING,
  /** It has answered, and is told when to go on. */
  RESTING,
  CLOSED
}
