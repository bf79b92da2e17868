package io.tidewheel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Draws what {@code FeedbackBenchmark} printed: calls a second over the time of a run, with
 * feedback and without, one picture for each situation. Arguments: the output of the benchmark, and
 * the directory to write to.
 */
public final class FeedbackPlots {
  private static final double WIDTH = 720;
  private static final double HEIGHT = 240;
  private static final double LEFT = 50;
  private static final double RIGHT = 710;
  private static final double TOP = 16;
  private static final double BOTTOM = 200;
  private static final double SAMPLE_SECONDS = 0.5;

  /** What happens in a situation, by the seconds from and until which it does. */
  private record Shade(double from, double until, String text) {}

  private static final Map<String, Shade> SHADES =
      Map.of(
          "down", new Shade(8, 38, "every call fails"),
          "hidden", new Shade(0, 35, "500 calls a second succeed, the rest fails"),
          "degraded", new Shade(6, 31, "30 % of calls succeed"),
          "slow", new Shade(5, 25, "the backend asks for 200 a second"),
          "processors", new Shade(8, 26, "two processes spin"));

  private FeedbackPlots() {}

  /** Draws. */
  public static void main(String... arguments) throws IOException {
    Map<String, Map<String, double[]>> runs = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      if (line.startsWith("SAMPLES ")) {
        String[] words = line.split(" ", -1);
        double[] values =
            Arrays.stream(words[3].split(",", -1)).mapToDouble(Double::parseDouble).toArray();
        runs.computeIfAbsent(words[1], name -> new TreeMap<>()).put(words[2], values);
      }
    }
    for (Map.Entry<String, Map<String, double[]>> run : runs.entrySet()) {
      Path file = Path.of(arguments[1]).resolve("feedback-" + run.getKey() + ".svg");
      Files.writeString(file, draw(run.getKey(), run.getValue()));
    }
  }

  private static String draw(String situation, Map<String, double[]> lines) {
    double most = lines.values().stream().flatMapToDouble(Arrays::stream).max().orElse(1);
    double top = Math.ceil(most / 500) * 500;
    double seconds =
        lines.values().stream().mapToInt(each -> each.length).max().orElse(1) * SAMPLE_SECONDS;
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\""
            + " font-family=\"sans-serif\" font-size=\"11\">",
        WIDTH,
        HEIGHT);
    add(svg, "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#fff\"/>", WIDTH, HEIGHT);
    Shade shade = SHADES.get(situation);
    if (shade != null) {
      add(
          svg,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#f3efe6\"/>"
              + "<text x=\"%.1f\" y=\"%.1f\" fill=\"#776\">%s</text>",
          x(shade.from(), seconds),
          TOP,
          x(shade.until(), seconds) - x(shade.from(), seconds),
          BOTTOM - TOP,
          x(shade.from(), seconds) + 4,
          TOP + 12,
          shade.text());
    }
    for (int quarter = 0; quarter <= 4; quarter++) {
      double at = top * quarter / 4;
      add(
          svg,
          "<path d=\"M%.0f %.1fH%.0f\" stroke=\"#ddd\"/>"
              + "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%.0f/s</text>",
          LEFT,
          y(at, top),
          RIGHT,
          LEFT - 4,
          y(at, top) + 4,
          at);
    }
    for (int at = 0; at <= seconds; at += 5) {
      add(
          svg,
          "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d s</text>",
          x(at, seconds),
          BOTTOM + 16,
          at);
    }
    line(svg, lines.get("off"), "#c0504d", top, seconds);
    line(svg, lines.get("on"), "#2a7f4f", top, seconds);
    add(
        svg,
        "<text x=\"%.0f\" y=\"%.0f\" fill=\"#2a7f4f\">calls with feedback</text>"
            + "<text x=\"%.0f\" y=\"%.0f\" fill=\"#c0504d\">without</text>",
        LEFT,
        HEIGHT - 6,
        LEFT + 120,
        HEIGHT - 6);
    return svg.append("</svg>\n").toString();
  }

  private static void line(
      StringBuilder svg, double[] values, String colour, double top, double seconds) {
    if (values == null) {
      return;
    }
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      add(points, "%.1f,%.1f ", x((i + 0.5) * SAMPLE_SECONDS, seconds), y(values[i], top));
    }
    add(
        svg,
        "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" points=\"%s\"/>",
        colour,
        points.toString().replace("\n", "").strip());
  }

  private static double x(double second, double seconds) {
    return LEFT + (RIGHT - LEFT) * second / seconds;
  }

  private static double y(double value, double top) {
    return BOTTOM - (BOTTOM - TOP) * value / top;
  }

  private static void add(StringBuilder to, String format, Object... values) {
    to.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
