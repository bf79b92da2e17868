package io.tidewheel.crash;

import io.tidewheel.crash.CrashOptions.Mode;
import io.tidewheel.crash.History.Operation;
import io.tidewheel.crash.Violation.Kind;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The summary of a run and its verdict. */
final class CrashReport {
  private static final int SHOWN = 10;

  private final CrashOptions options;
  private final History history;
  private final List<String> failures;

  CrashReport(CrashOptions options, History history, List<String> failures) {
    this.options = options;
    this.history = history;
    this.failures = new ArrayList<>(failures);
  }

  /** Prints it; whether everything was as promised. */
  boolean print(PrintStream out, int kills, long slowestStartMillis) {
    out.println();
    row(out, "kills", kills);
    row(out, "slowest start, ms", slowestStartMillis);
    row(out, "publishes sent", history.ask(DeliveryChecker::attempted));
    row(out, "  answered as stored", history.ask(DeliveryChecker::confirmed));
    row(out, "  refused, or nobody listened", history.ask(DeliveryChecker::refused));
    row(out, "  never answered, yet delivered", history.ask(DeliveryChecker::recoveredCount));
    row(out, "deliveries", history.ask(DeliveryChecker::delivered));
    row(out, "  of them again, ack not confirmed", history.ask(DeliveryChecker::redelivered));
    row(out, "acks confirmed", history.ask(DeliveryChecker::ackConfirmed));
    for (Operation operation : Operation.values()) {
      long count = history.successCount(operation);
      row(out, "requests that worked: " + operation, count);
      if (count == 0 && needed().contains(operation)) {
        failures.add("no " + operation + " ever worked: the run proves nothing");
      }
    }
    out.println();
    for (Kind kind : Kind.values()) {
      row(out, kind.meaning(), history.ask(checker -> checker.count(kind)));
    }
    out.println();
    history.ask(DeliveryChecker::violations).stream()
        .limit(SHOWN)
        .forEach(v -> out.printf("%s %s: %s%n", v.kind(), v.id().text(), v.detail()));
    failures.forEach(failure -> out.println("FAILED: " + failure));
    boolean isRed = history.ask(DeliveryChecker::isRed);
    boolean isGood = failures.isEmpty() && isRed == (options.mode() == Mode.UNSAFE);
    out.printf("%s (seed %d)%n", verdict(isRed, isGood), options.seed());
    return isGood;
  }

  private String verdict(boolean isRed, boolean isGood) {
    if (options.mode() == Mode.UNSAFE) {
      return isGood ? "RED, AS IT MUST BE" : "FAILED: answering before the flush went unnoticed";
    }
    return isGood ? "PASSED" : isRed ? "FAILED: promises were broken" : "FAILED";
  }

  /** A repeat needs something that was left unanswered; a damage run stops its callers first. */
  private Set<Operation> needed() {
    return switch (options.mode()) {
      case PLAIN, TORN -> EnumSet.allOf(Operation.class);
      case DAMAGE -> EnumSet.complementOf(EnumSet.of(Operation.REPEAT));
      case UNSAFE ->
          EnumSet.copyOf(Arrays.asList(Operation.PUBLISH_BATCH, Operation.PULL, Operation.ACK));
    };
  }

  private static void row(PrintStream out, String name, long value) {
    out.printf("%-52s %,14d%n", name, value);
  }
}
