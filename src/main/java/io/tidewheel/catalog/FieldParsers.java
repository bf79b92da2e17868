package io.tidewheel.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.config.Durations;
import io.tidewheel.message.Names;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Values of settings. Each parser refuses with an {@link IllegalArgumentException} whose message
 * says what was expected and what was given.
 */
final class FieldParsers {
  private static final int MAX_SHOWN_CHARS = 60;

  private FieldParsers() {}

  static Function<JsonNode, Integer> whole(int min, int max) {
    return value -> (int) wholeValue(value, min, max);
  }

  static Function<JsonNode, Long> wholeLong(long min, long max) {
    return value -> wholeValue(value, min, max);
  }

  private static long wholeValue(JsonNode value, long min, long max) {
    boolean isWhole = value.isIntegralNumber() && value.canConvertToLong();
    if (!isWhole || value.longValue() < min || value.longValue() > max) {
      throw refusal("a whole number from " + min + " to " + max, value);
    }
    return value.longValue();
  }

  static Function<JsonNode, Double> number(double min, double max) {
    return value -> {
      if (!value.isNumber() || !(value.doubleValue() >= min) || value.doubleValue() > max) {
        throw refusal("a number from " + show(min) + " to " + show(max), value);
      }
      return value.doubleValue();
    };
  }

  static Function<JsonNode, Duration> duration(Duration min, Duration max) {
    return value -> {
      String expected = "a duration from " + Durations.format(min) + " to " + Durations.format(max);
      if (value.isNumber()) {
        throw refusal(expected + ", written with its unit like \"30s\" or \"250ms\"", value);
      }
      if (!value.isTextual()) {
        throw refusal(expected + ", like \"30s\"", value);
      }
      Duration duration = Durations.parse(value.textValue());
      if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
        throw refusal(expected, value);
      }
      return duration;
    };
  }

  static Function<JsonNode, Boolean> flag() {
    return value -> {
      if (!value.isBoolean()) {
        throw refusal("true or false", value);
      }
      return value.booleanValue();
    };
  }

  /** One of some words. */
  static <T> Function<JsonNode, T> word(Map<String, T> words) {
    return value -> {
      T meaning = value.isTextual() ? words.get(value.textValue()) : null;
      if (meaning == null) {
        throw refusal("one of \"" + String.join("\", \"", words.keySet()) + '"', value);
      }
      return meaning;
    };
  }

  static Function<JsonNode, String> name() {
    return value -> {
      if (!value.isTextual() || !Names.isValid(value.textValue())) {
        throw refusal("a name of " + Names.rule(), value);
      }
      return value.textValue();
    };
  }

  /** A list of names, each kept once. */
  static Function<JsonNode, List<String>> names(int maxCount) {
    return value -> {
      if (!value.isArray() || value.size() > maxCount) {
        throw refusal("a list of at most " + maxCount + " names", value);
      }
      Set<String> names = new LinkedHashSet<>();
      value.forEach(element -> names.add(name().apply(element)));
      return List.copyOf(new ArrayList<>(names));
    };
  }

  /** A time in RFC 3339, as wall-clock milliseconds. */
  static long timeMillis(String text) {
    return OffsetDateTime.parse(text).toInstant().toEpochMilli();
  }

  static boolean isTime(String text) {
    try {
      return timeMillis(text) >= 0;
    } catch (DateTimeException | ArithmeticException e) {
      return false;
    }
  }

  static IllegalArgumentException refusal(String expected, JsonNode value) {
    return new IllegalArgumentException("expected " + expected + ", but got " + show(value));
  }

  static String show(JsonNode value) {
    String text = value.toString();
    return text.length() <= MAX_SHOWN_CHARS ? text : text.substring(0, MAX_SHOWN_CHARS) + "...";
  }

  static String show(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }
}
