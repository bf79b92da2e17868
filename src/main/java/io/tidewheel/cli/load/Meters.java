package io.tidewheel.cli.load;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The meters of one thread, and its failures by name. */
final class Meters {
  /** More kinds of failures than these are counted together. */
  private static final int MAX_KINDS = 32;

  private final Map<Operation, Meter> meters = new EnumMap<>(Operation.class);
  private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();

  Meters() {
    for (Operation operation : Operation.values()) {
      meters.put(operation, new Meter());
    }
  }

  Meter of(Operation operation) {
    Meter meter = meters.get(operation);
    if (meter == null) {
      throw new IllegalStateException("no meter for " + operation);
    }
    return meter;
  }

  /**
   * Something was not done.
   *
   * @param kind such as {@code publish: HTTP 429}
   * @param messages how many were concerned
   */
  void failed(String kind, int messages) {
    String name = failures.containsKey(kind) || failures.size() < MAX_KINDS ? kind : "other";
    failures.computeIfAbsent(name, key -> new LongAdder()).add(messages);
  }

  Map<String, LongAdder> failures() {
    return failures;
  }
}
