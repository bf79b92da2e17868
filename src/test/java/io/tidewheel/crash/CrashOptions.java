package io.tidewheel.crash;

import java.nio.file.Path;

/** What the crash test is told on its command line. */
record CrashOptions(
    Mode mode,
    int rounds,
    long seed,
    double seconds,
    int callers,
    int workers,
    Path program,
    Path directory) {
  static final String USAGE =
      """
      Usage: bin/crash-test [--torn | --damage | --unsafe] [--rounds N] [--seed S] [--seconds T]
                            [--callers N] [--workers N] [--directory DIR]

      Publishes at full speed while workers pull and ack, kills the broker (kill -9) at a random
      moment, starts it again on the same data, and goes on; drains at the end and checks that
      nothing acknowledged is lost, no confirmed ack comes back, and nothing else is wrong.

        --rounds N    kills; 50 (--damage 5, --unsafe 5)
        --seed S      of every choice the test makes; random, and printed
        --seconds T   longest time from the first answer of a round to its kill; 3
        --callers N   publishing at the same time; 32
        --workers N   pulling at the same time; 4
        --directory   where data, logs and history go; made anew each time; target/crash
        --torn        also appends the first bytes of a further record to the store's newest log
                      file before each restart: must be tolerated
        --damage      flips a bit of a complete record, or cuts off complete records: the start
                      must fail and say so; then the data is restored
        --unsafe      makes the broker answer before it flushes: the check must go red, and the
                      exit code is 0 only if it does

      Exit codes: 0 all as promised, 1 not, 2 wrong usage.""";

  enum Mode {
    PLAIN,
    TORN,
    DAMAGE,
    UNSAFE
  }

  /** A command line that cannot be used. */
  static final class UsageException extends RuntimeException {
    UsageException(String message) {
      super(message);
    }
  }

  /**
   * Reads a command line.
   *
   * @param freshSeed taken when none is given
   */
  static CrashOptions parse(String[] arguments, long freshSeed) {
    Mode mode = Mode.PLAIN;
    int rounds = -1;
    long seed = freshSeed;
    double seconds = 3;
    int callers = 32;
    int workers = 4;
    Path program = Path.of("target/tidewheel/bin/tidewheel");
    Path directory = Path.of("target/crash");
    for (int i = 0; i < arguments.length; i++) {
      String name = arguments[i];
      switch (name) {
        case "--torn" -> mode = Mode.TORN;
        case "--damage" -> mode = Mode.DAMAGE;
        case "--unsafe" -> mode = Mode.UNSAFE;
        case "--rounds" -> rounds = (int) number(arguments, ++i, 1, 100_000);
        case "--seed" -> seed = (long) number(arguments, ++i, Long.MIN_VALUE, Long.MAX_VALUE);
        case "--seconds" -> seconds = number(arguments, ++i, 0.1, 3_600);
        case "--callers" -> callers = (int) number(arguments, ++i, 1, 1_000);
        case "--workers" -> workers = (int) number(arguments, ++i, 1, 1_000);
        case "--program" -> program = Path.of(value(arguments, ++i));
        case "--directory" -> directory = Path.of(value(arguments, ++i));
        default -> throw new UsageException("unknown option " + name);
      }
    }
    if (rounds < 0) {
      rounds = mode == Mode.DAMAGE || mode == Mode.UNSAFE ? 5 : 50;
    }
    return new CrashOptions(mode, rounds, seed, seconds, callers, workers, program, directory);
  }

  private static String value(String[] arguments, int index) {
    if (index >= arguments.length) {
      throw new UsageException(arguments[index - 1] + " needs a value");
    }
    return arguments[index];
  }

  private static double number(String[] arguments, int index, double min, double max) {
    String text = value(arguments, index);
    try {
      double number = Double.parseDouble(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new UsageException(arguments[index - 1] + " " + text + ": expected a number");
    }
    throw new UsageException(
        "%s %s: expected a number from %s to %s".formatted(arguments[index - 1], text, min, max));
  }
}
