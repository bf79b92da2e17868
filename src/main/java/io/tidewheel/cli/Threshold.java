package io.tidewheel.cli;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A condition under which a measurement counts as failed, such as {@code p99>50ms}.
 *
 * @param text as it was written
 * @param figure name of what is compared
 * @param isUpper whether the figure may not be above the bound, or not below it
 * @param bound in the unit of the figure
 */
record Threshold(String text, String figure, boolean isUpper, double bound) {
  private static final Pattern FORM =
      Pattern.compile(
          "\\s*([a-z][a-z0-9.-]*)\\s*([<>])\\s*([0-9]+(?:\\.[0-9]+)?)\\s*(us|ms|s|/s|KiB|MiB|GiB|%)?"
              + "\\s*");

  /**
   * Reads a condition.
   *
   * @throws IllegalArgumentException saying how it is written
   */
  static Threshold parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no condition: expected one such as p99>50ms, rate<12000/s, errors>0");
    }
    double number = Double.parseDouble(matcher.group(3));
    String unit = matcher.group(4) == null ? "" : matcher.group(4);
    double factor =
        switch (unit) {
          case "us" -> 1e-3;
          case "s" -> 1e3;
          case "KiB" -> 1.0 / 1024;
          case "GiB" -> 1024;
          default -> 1;
        };
    return new Threshold(
        text.strip(), matcher.group(1), matcher.group(2).equals(">"), number * factor);
  }

  /** Whether the measurement failed; a figure that could not be measured fails, too. */
  boolean isMissed(Map<String, Double> figures) {
    double value = figures.getOrDefault(figure, Double.NaN);
    return !(isUpper ? value <= bound : value >= bound);
  }
}
