package io.tidewheel.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Shows on standard error how far a long command is: a bar that is drawn over for a person, else a
 * line every few seconds for a log.
 */
final class ProgressLine {
  private static final long LINE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final int BAR_CHARS = 24;

  private final Terminal terminal;
  private final long startNanos;
  private long lastNanos;
  private long lastCount;
  private int drawnChars;

  ProgressLine(Terminal terminal) {
    this.terminal = terminal;
    this.startNanos = terminal.nanoTime().getAsLong();
    this.lastNanos = startNanos;
  }

  /** How often {@link #show} should be called. */
  Duration interval() {
    return Duration.ofMillis(250);
  }

  /**
   * Shows the state now.
   *
   * @param part of the whole that is done, from 0 to 1; negative if unknown
   */
  void show(String what, long count, double part) {
    long now = terminal.nanoTime().getAsLong();
    if (terminal.isInteractive()) {
      draw(bar(part) + what + "  " + rate(count - lastCount, now - lastNanos));
    } else if (now - lastNanos < LINE_EVERY_NANOS) {
      return;
    } else {
      terminal.say(percent(part) + what + ", " + rate(count - lastCount, now - lastNanos));
    }
    lastNanos = now;
    lastCount = count;
  }

  /** Removes the bar, so that the totals stand alone. */
  void clear() {
    if (drawnChars > 0) {
      terminal.err().print('\r' + " ".repeat(drawnChars) + '\r');
      terminal.err().flush();
      drawnChars = 0;
    }
  }

  /** Since the beginning, in seconds. */
  double seconds() {
    return (terminal.nanoTime().getAsLong() - startNanos) / 1e9;
  }

  private void draw(String text) {
    String padding = " ".repeat(Math.max(0, drawnChars - text.length()));
    terminal.err().print('\r' + text + padding);
    terminal.err().flush();
    drawnChars = text.length();
  }

  private static String bar(double part) {
    if (part < 0) {
      return "";
    }
    int full = (int) Math.round(Math.min(1, part) * BAR_CHARS);
    return '[' + "#".repeat(full) + ".".repeat(BAR_CHARS - full) + "] " + percent(part);
  }

  private static String percent(double part) {
    return part < 0 ? "" : String.format(Locale.ROOT, "%3.0f %%  ", 100 * Math.min(1, part));
  }

  private static String rate(long count, long nanos) {
    return String.format(Locale.ROOT, "%,.0f/s", count * 1e9 / Math.max(1, nanos));
  }
}
