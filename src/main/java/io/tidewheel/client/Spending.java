package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls of backends that deliveries took and that were not reported yet. Guarded by its worker. */
final class Spending {
  private static final double THOUSAND = 1_000;
  private static final int MAX_BACKENDS = 16;
  private static final int MAX_MESSAGES = 10_000;

  /** Rates are decided four times a second. */
  private static final long REPORT_NANOS = 250_000_000L;

  private final Map<String, Long> calls = new LinkedHashMap<>();
  private int messages;
  private long reportedNanos;

  void add(Map<String, Double> cost) {
    if (cost.isEmpty() || messages >= MAX_MESSAGES) {
      return;
    }
    messages++;
    cost.forEach(
        (backend, each) -> {
          if (calls.containsKey(backend) || calls.size() < MAX_BACKENDS) {
            calls.merge(backend, Math.round(each * THOUSAND), Long::sum);
          }
        });
  }

  /** What is to be reported now; null for nothing. */
  Frame.@Nullable Cost take(int ref, long nowNanos, boolean isLast) {
    if (messages == 0 || (!isLast && nowNanos - reportedNanos < REPORT_NANOS)) {
      return null;
    }
    Frame.Cost cost = new Frame.Cost(ref, messages, Map.copyOf(calls));
    calls.clear();
    messages = 0;
    reportedNanos = nowNanos;
    return cost;
  }
}
