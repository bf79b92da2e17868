package io.tidewheel.http;

import java.util.Locale;

/** How names of constants look on the wire. */
final class Wire {
  private Wire() {}

  /** {@code AT_LEAST_ONCE} as {@code at-least-once}. */
  static String dashed(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** {@code NOT_STORED} as {@code not_stored}. */
  static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
