package io.tidewheel.http;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Counts and times requests by route and class of status; at most a timer for each pair. */
final class RequestMetrics {
  private static final int CLASSES = 6;
  private static final String NO_ROUTE = "none";

  private final MeterRegistry registry;
  private final AtomicReferenceArray<@Nullable Timer> timersOfNone =
      new AtomicReferenceArray<>(CLASSES);
  private final Map<Route, AtomicReferenceArray<@Nullable Timer>> timers =
      new EnumMap<>(Route.class);
  private final AtomicInteger openConnections = new AtomicInteger();

  RequestMetrics(MeterRegistry registry, ByteBudget bodyBudget) {
    this.registry = registry;
    for (Route route : Route.values()) {
      timers.put(route, new AtomicReferenceArray<>(CLASSES));
    }
    Gauge.builder("tidewheel.http.connections", openConnections, AtomicInteger::get)
        .description("Open client connections")
        .register(registry);
    Gauge.builder("tidewheel.http.body.bytes", bodyBudget, ByteBudget::heldBytes)
        .description("Bytes of request bodies that are being read or handled")
        .register(registry);
  }

  void connectionOpened() {
    openConnections.incrementAndGet();
  }

  void connectionClosed() {
    openConnections.decrementAndGet();
  }

  void record(@Nullable Route route, int status, long nanos) {
    timer(route, Math.min(status / 100, CLASSES - 1)).record(nanos, TimeUnit.NANOSECONDS);
  }

  private Timer timer(@Nullable Route route, int statusClass) {
    AtomicReferenceArray<@Nullable Timer> row =
        route == null ? timersOfNone : timers.getOrDefault(route, timersOfNone);
    Timer timer = row.get(statusClass);
    if (timer == null) {
      timer =
          Timer.builder("tidewheel.http.requests")
              .description("Requests answered")
              .tag("method", route == null ? NO_ROUTE : route.method())
              .tag("route", route == null ? NO_ROUTE : route.template())
              .tag("status", statusClass + "xx")
              .serviceLevelObjectives(
                  Duration.ofMillis(1),
                  Duration.ofMillis(5),
                  Duration.ofMillis(20),
                  Duration.ofMillis(50),
                  Duration.ofMillis(100),
                  Duration.ofSeconds(1),
                  Duration.ofSeconds(10))
              .register(registry);
      row.set(statusClass, timer);
    }
    return timer;
  }
}
