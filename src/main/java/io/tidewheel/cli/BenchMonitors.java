package io.tidewheel.cli;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Pages of the monitor that are open in every other part of a run: each has the streams of the page
 * that shows a topic, the overview and the topic's rows. What they are told is read and dropped.
 * Each part with pages is compared with the two beside it, so that a machine or a broker that
 * becomes slower or quicker in the course of the run changes little.
 */
final class BenchMonitors implements AutoCloseable {
  private static final int PART_SECONDS = 6;

  /** Of a part, which are not counted: streams are opened or closed, which is not what is asked. */
  private static final int SETTLE_SECONDS = 3;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(4);
  private static final String STREAM = "/v1/backlog/stream";

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<CompletableFuture<WebSocket>> open = new ArrayList<>();

  /** Messages a second of each part that is over, without and with pages in turn. */
  private final List<Double> parts = new ArrayList<>();

  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final List<URI> streams;
  private final int count;
  private boolean isMeasuring;
  private int seconds;
  private long messages;

  /**
   * None is open yet.
   *
   * @param count pages; 0 for a run without
   */
  BenchMonitors(URI broker, String topic, int count) {
    URI base = URI.create("ws://" + broker.getRawAuthority());
    this.streams =
        List.of(
            base.resolve(STREAM + "?view=overview"),
            base.resolve(STREAM + "?topic=" + BrokerConnection.escape(topic)));
    this.count = count;
  }

  /** The warm-up is over. */
  void begin() {
    isMeasuring = count > 0;
  }

  /** A second has passed, in which so many messages went all the way. */
  void second(long count) {
    if (!isMeasuring) {
      return;
    }
    messages += seconds < SETTLE_SECONDS ? 0 : count;
    seconds++;
    if (seconds == PART_SECONDS) {
      parts.add((double) messages / (PART_SECONDS - SETTLE_SECONDS));
      seconds = 0;
      messages = 0;
      if (isOpen()) {
        closeAll();
      } else {
        open();
      }
    }
  }

  private boolean isOpen() {
    return !open.isEmpty();
  }

  private void open() {
    for (int page = 0; page < count; page++) {
      for (URI stream : streams) {
        CompletableFuture<WebSocket> opening =
            http.newWebSocketBuilder()
                .connectTimeout(CONNECT_TIMEOUT)
                .buildAsync(stream, new Reading());
        opening.exceptionally(
            failure -> {
              failures.incrementAndGet();
              return null;
            });
        open.add(opening);
      }
    }
  }

  /** Adds what was seen; nothing if there was nothing to compare. */
  BenchFigures tell(BenchFigures figures) {
    List<Double> without = new ArrayList<>();
    List<Double> with = new ArrayList<>();
    List<Double> costs = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      if (i % 2 == 0) {
        without.add(parts.get(i));
      } else {
        with.add(parts.get(i));
        double before = parts.get(i - 1);
        double after = i + 1 < parts.size() ? parts.get(i + 1) : before;
        costs.add(100 * (1 - 2 * parts.get(i) / (before + after)));
      }
    }
    if (costs.isEmpty()) {
      return figures;
    }
    return figures
        .with("rateWithMonitors", quantile(with, 0.5))
        .with("rateWithoutMonitors", quantile(without, 0.5))
        .with("monitorsCost", quantile(costs, 0.5))
        .with("monitorsCostLow", quantile(costs, 0.25))
        .with("monitorsCostHigh", quantile(costs, 0.75))
        .with("monitorsCompared", costs.size())
        .with("monitorBytes", (double) bytes.get() / (PART_SECONDS * with.size()))
        .with("monitorsFailed", (double) failures.get());
  }

  private static double quantile(List<Double> values, double share) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    double place = share * (sorted.size() - 1);
    double below = sorted.get((int) place);
    double above = sorted.get((int) Math.ceil(place));
    return below + (place - (int) place) * (above - below);
  }

  @Override
  public void close() {
    isMeasuring = false;
    closeAll();
  }

  private void closeAll() {
    for (CompletableFuture<WebSocket> opening : open) {
      var unused = opening.thenAccept(WebSocket::abort);
    }
    open.clear();
  }

  private final class Reading implements WebSocket.Listener {
    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean isLast) {
      bytes.addAndGet(text.length());
      socket.request(1);
      return CompletableFuture.completedFuture(null);
    }
  }
}
