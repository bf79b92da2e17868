package io.tidewheel.message;

import java.util.Locale;

/** How names of constants are written for users. */
public final class EnumNames {
  private EnumNames() {}

  /** {@code AT_LEAST_ONCE} as {@code at-least-once}. */
  public static String dashed(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** {@code NOT_STORED} as {@code not_stored}. */
  public static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
