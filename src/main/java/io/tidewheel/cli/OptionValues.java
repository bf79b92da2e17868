package io.tidewheel.cli;

import io.tidewheel.config.Durations;
import java.time.Duration;

/** Checks what options are given; what is wrong is a failure of usage that names the option. */
final class OptionValues {
  private OptionValues() {}

  static Duration duration(String option, String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCodes.USAGE, option + ": " + e.getMessage(), e);
    }
  }

  static Duration duration(String option, String text, Duration least) {
    Duration given = duration(option, text);
    if (given.compareTo(least) < 0) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          option + ' ' + text + ": expected " + Durations.format(least) + " or more");
    }
    return given;
  }

  static void range(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw new CommandFailure(
          ExitCodes.USAGE, option + ' ' + value + ": expected " + min + " to " + max);
    }
  }
}
