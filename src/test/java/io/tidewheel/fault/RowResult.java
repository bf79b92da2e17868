package io.tidewheel.fault;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.crash.BrokerClient;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a run has shown: figures, promises that were broken, and times that were missed. */
final class RowResult {
  private static final int SHOWN = 10;

  private final Row row;
  private final long seed;
  private final Map<String, Double> figures = new LinkedHashMap<>();
  private final Map<String, double[]> lines = new LinkedHashMap<>();
  private final List<Violation> violations = new ArrayList<>();
  private final List<String> missed = new ArrayList<>();

  private record Violation(Promise promise, String text) {
    @Override
    public String toString() {
      return promise.text() + ": " + text;
    }
  }

  RowResult(Row row, long seed) {
    this.row = row;
    this.seed = seed;
  }

  /** A count. */
  void figure(String name, long count) {
    figure(name, (double) count);
  }

  void figure(String name, double value) {
    figures.put(name, value);
  }

  void line(String name, double[] perSecond) {
    lines.put(name, perSecond.clone());
  }

  void violation(Promise promise, String text) {
    violations.add(new Violation(promise, text));
  }

  /** A time should not be above this. That depends on the machine, so it breaks no promise. */
  void timeAtMost(String name, double limit) {
    double value = known(name);
    if (!(value <= limit)) {
      missed.add("%s is %s, at most %s were wanted".formatted(name, number(value), number(limit)));
    }
  }

  /** A count or a share must not be above this, nor unknown. */
  void atMost(String name, double limit) {
    double value = known(name);
    if (!(value <= limit)) {
      violation(
          Promise.FIGURE,
          "%s is %s, at most %s are promised".formatted(name, number(value), number(limit)));
    }
  }

  /** A count or a share must not be below this, nor unknown. */
  void atLeast(String name, double limit) {
    double value = known(name);
    if (!(value >= limit)) {
      violation(
          Promise.FIGURE,
          "%s is %s, at least %s are promised".formatted(name, number(value), number(limit)));
    }
  }

  private double known(String name) {
    Double value = figures.get(name);
    if (value == null) {
      throw new IllegalArgumentException("there is no figure " + name);
    }
    return value;
  }

  /** Whether a promise was broken, or none was put to the test. */
  boolean isRed() {
    return !violations.isEmpty();
  }

  /** Whether something went wrong that does when nodes write which must not. */
  boolean showsTwoWriters() {
    return violations.stream().anyMatch(one -> one.promise.isOfFence());
  }

  void print(PrintStream out) {
    StringBuilder text = new StringBuilder("| " + row.text() + " |");
    figures.forEach(
        (name, value) ->
            text.append(' ').append(name).append(' ').append(number(value)).append(" ·"));
    text.setLength(figures.isEmpty() ? text.length() : text.length() - 2);
    text.append(" | ").append(verdict()).append(" | seed ").append(seed).append(" |");
    out.println(text);
    violations.stream().limit(SHOWN).forEach(one -> out.println("  BROKEN: " + one));
    if (violations.size() > SHOWN) {
      out.println("  … and " + (violations.size() - SHOWN) + " more");
    }
    missed.forEach(one -> out.println("  missed: " + one));
  }

  private String verdict() {
    if (!isRed()) {
      return missed.isEmpty() ? "as promised" : "times missed";
    }
    boolean isOnlyIncomplete =
        violations.stream().allMatch(one -> one.promise == Promise.INCOMPLETE);
    return isOnlyIncomplete ? "INCOMPLETE" : "BROKEN";
  }

  ObjectNode json() {
    ObjectNode node = BrokerClient.MAPPER.createObjectNode();
    node.put("row", row.text()).put("seed", seed).put("verdict", verdict());
    ObjectNode values = node.putObject("figures");
    figures.forEach(
        (name, value) -> {
          if (value.isNaN()) {
            values.putNull(name);
          } else {
            values.put(name, value);
          }
        });
    ArrayNode broken = node.putArray("violations");
    violations.forEach(one -> broken.add(one.toString()));
    ArrayNode late = node.putArray("missed");
    missed.forEach(late::add);
    ObjectNode series = node.putObject("perSecond");
    lines.forEach(
        (name, perSecond) -> {
          ArrayNode array = series.putArray(name);
          for (double value : perSecond) {
            if (Double.isNaN(value)) {
              array.addNull();
            } else {
              array.add(Math.round(value * 10_000) / 10_000.0);
            }
          }
        });
    return node;
  }

  private static String number(double value) {
    return Double.isNaN(value)
        ? "-"
        : value == Math.rint(value)
            ? String.format(Locale.ROOT, "%,d", (long) value)
            : String.format(Locale.ROOT, "%.4f", value);
  }
}
