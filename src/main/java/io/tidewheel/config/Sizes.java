package io.tidewheel.config;

/** Sizes in the form people write them: {@code 32MiB}. */
public final class Sizes {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private Sizes() {}

  /** The largest unit in which the number is whole; what it gives can be read as configuration. */
  public static String format(long bytes) {
    long value = bytes;
    int unit = 0;
    while (unit < UNITS.length - 1 && value != 0 && value % 1024 == 0) {
      value /= 1024;
      unit++;
    }
    return value + UNITS[unit];
  }

  /** Rounded down to whole MiB, for sizes that nobody wrote. */
  public static String inMebibytes(long bytes) {
    return (bytes >> 20) + "MiB";
  }
}
