package io.tidewheel.cli;

/** What the process ends with; scripts rely on these numbers. */
final class ExitCodes {
  static final int OK = 0;

  /** The command was understood and did not succeed. */
  static final int FAILED = 1;

  /** The command line or the configuration is wrong. */
  static final int USAGE = 2;

  /** No broker answers at the address. */
  static final int UNREACHABLE = 3;

  /** A bound given by the user was missed. */
  static final int THRESHOLD = 4;

  private ExitCodes() {}
}
