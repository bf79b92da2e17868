package io.tidewheel.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** What came of a publish so far. Safe for any thread. */
final class PublishTotals {
  private static final int MAX_SHOWN_ERRORS = 10;

  final LongAdder read = new LongAdder();
  final LongAdder withoutKey = new LongAdder();
  final LongAdder stored = new LongAdder();
  final LongAdder storedBytes = new LongAdder();

  /** Of the stored ones, those that the broker already had from an earlier try. */
  final LongAdder duplicates = new LongAdder();

  final LongAdder failed = new LongAdder();
  final LongAdder retries = new LongAdder();
  private final List<String> errors = new ArrayList<>();

  void fail(OutgoingMessage message, String reason) {
    failed.increment();
    synchronized (errors) {
      if (errors.size() < MAX_SHOWN_ERRORS) {
        errors.add("line " + message.line() + ": " + reason);
      }
    }
  }

  /** The first few, in the order they came. */
  List<String> errors() {
    synchronized (errors) {
      return List.copyOf(errors);
    }
  }
}
