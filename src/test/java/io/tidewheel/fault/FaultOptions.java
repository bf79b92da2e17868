package io.tidewheel.fault;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the fault test is told on its command line. */
record FaultOptions(
    List<Row> rows,
    long seed,
    Duration duration,
    int rate,
    Duration warm,
    int stores,
    Path directory,
    @Nullable Path report,
    boolean isUnfenced) {
  static final String USAGE =
      """
      Usage: bin/fault-test [--row NAME ...] [--seed N] [--duration T] [--rate N] [--warm T]
                            [--cassandra 1|3] [--report FILE] [--directory DIR]
                            [--unfenced]

      Starts three brokers and Cassandra on this machine (bin/cluster), publishes to 12 queues at
      a fixed rate while two subscriptions are read, does to it what the row says, drains, and
      checks that nothing acknowledged is lost, nothing else comes out, keys keep their order, the
      log is the same on every node and all counts agree.

        --row NAME      one of the rows below; may be repeated; all if not given
        --seed N        of every choice the test makes; random, and printed
        --duration T    of the load of each row, as 25s or 2m; 120s
        --rate N        messages of 1 KiB a second; 300
        --warm T        of the same load before the first row, at a third and two thirds of the
                        rate to begin with; 15s
        --cassandra N   Cassandra nodes, 1 or 3; 1, and 3 for the row that stops one of them
        --report FILE   also writes the results as JSON
        --directory     where logs, data and histories go; made anew each time; target/fault
        --unfenced      brokers go on writing when nobody confirms them: the check must go red for
                        something that the fence is for, and the exit code is 0 only if it does

      Rows that cut brokers off need root: each broker runs in a network of its own. So does a power
      cut, for which Cassandra has a disk of its own. The row clock needs libfaketime.
      What was lost, out of order or miscounted, and shares of success below the promised ones, are
      BROKEN. Times above the promised ones are told as "missed" and change no exit code: they say
      as much about the machine. A run that broke off is INCOMPLETE.
      Exit codes: 0 all as promised, times apart; 1 not, or incomplete; 2 wrong usage.

      Rows:
      """;

  private static final Pattern DURATION = Pattern.compile("(\\d{1,4})([sm])");

  static String usage() {
    StringBuilder text = new StringBuilder(USAGE);
    for (Row row : Row.values()) {
      text.append("  %-18s %s%n".formatted(row.text(), row.meaning()));
    }
    return text.toString();
  }

  /** A command line that cannot be used. */
  static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }

  /**
   * Reads a command line.
   *
   * @param freshSeed taken when none is given
   */
  static FaultOptions parse(List<String> arguments, long freshSeed) {
    List<Row> rows = new ArrayList<>();
    long seed = freshSeed;
    Duration duration = Duration.ofMinutes(2);
    int rate = 300;
    Duration warm = Duration.ofSeconds(15);
    int stores = 1;
    Path directory = Path.of("target/fault");
    Path report = null;
    boolean isUnfenced = false;
    for (int i = 0; i < arguments.size(); i++) {
      String name = arguments.get(i);
      switch (name) {
        case "--row" -> rows.add(row(value(arguments, ++i)));
        case "--seed" -> seed = number(arguments, ++i, Long.MIN_VALUE, Long.MAX_VALUE);
        case "--duration" -> duration = duration(arguments, ++i);
        case "--rate" -> rate = (int) number(arguments, ++i, 10, 10_000);
        case "--warm" -> warm = duration(arguments, ++i);
        case "--cassandra" -> stores = stores(number(arguments, ++i, 1, 3));
        case "--directory" -> directory = Path.of(value(arguments, ++i));
        case "--report" -> report = Path.of(value(arguments, ++i));
        case "--unfenced" -> isUnfenced = true;
        default -> throw new UsageException("unknown option " + name);
      }
    }
    if (rows.isEmpty()) {
      rows.addAll(List.of(Row.values()));
    }
    return new FaultOptions(
        List.copyOf(rows), seed, duration, rate, warm, stores, directory, report, isUnfenced);
  }

  private static Row row(String text) {
    return Row.of(text).orElseThrow(() -> new UsageException("there is no row " + text));
  }

  private static int stores(long number) {
    if (number == 2) {
      throw new UsageException("--cassandra 2: expected 1 or 3");
    }
    return (int) number;
  }

  private static Duration duration(List<String> arguments, int index) {
    String text = value(arguments, index);
    String name = arguments.get(index - 1) + ' ' + text;
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new UsageException(name + ": expected something like 25s or 2m");
    }
    long number = Long.parseLong(matcher.group(1));
    Duration duration =
        matcher.group(2).equals("m") ? Duration.ofMinutes(number) : Duration.ofSeconds(number);
    if (duration.toSeconds() < 15 || duration.toMinutes() > 60) {
      throw new UsageException(name + ": expected 15s to 60m");
    }
    return duration;
  }

  private static String value(List<String> arguments, int index) {
    if (index >= arguments.size()) {
      throw new UsageException(arguments.get(index - 1) + " needs a value");
    }
    return arguments.get(index);
  }

  private static long number(List<String> arguments, int index, long min, long max) {
    String text = value(arguments, index);
    try {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new UsageException(arguments.get(index - 1) + " " + text + ": expected a number");
    }
    throw new UsageException(arguments.get(index - 1) + " " + text + ": out of range");
  }
}
