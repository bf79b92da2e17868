package io.tidewheel.worker;

/** The timers of a worker; each runs once at a time. */
enum PullTimer {
  WAIT,
  GIVE_UP,
  BOARD,
  CALL,
  UNKNOWN,
  COLLECT,
  LOOK_AGAIN,
  LINGER
}
