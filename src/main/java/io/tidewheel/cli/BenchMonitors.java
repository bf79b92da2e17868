package io.tidewheel.cli;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

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
    // Parts without and with pages take turns, and the first one is without.
    int compared = parts.size() / 2;
    if (compared == 0) {
      return figures;
    }
    List<Double> costs = IntStream.range(0, compared).mapToObj(this::cost).toList();
    return figures
        .with("rateWithMonitors", quantile(everySecond(1), 0.5))
        .with("rateWithoutMonitors", quantile(everySecond(0), 0.5))
        .with("monitorsCost", quantile(costs, 0.5))
        .with("monitorsCostLow", quantile(costs, 0.25))
        .with("monitorsCostHigh", quantile(costs, 0.75))
        .with("monitorsCompared", compared)
        .with("monitorBytes", (double) bytes.get() / (PART_SECONDS * compared))
        .with("monitorsFailed", (double) failures.get());
  }

  private List<Double> everySecond(int first) {
    return IntStream.iterate(first, i -> i < parts.size(), i -> i + 2)
        .mapToObj(parts::get)
        .toList();
  }

  /** What pages cost in a part with them, in percent of the rate of the parts beside it. */
  private double cost(int comparison) {
    int at = 2 * comparison + 1;
    double before = parts.get(at - 1);
    double after = at + 1 < parts.size() ? parts.get(at + 1) : before;
    return 100 * (1 - 2 * parts.get(at) / (before + after));
  }

  private static double quantile(List<Double> values, double share) {
    List<Double> sorted = values.stream().sorted().toList();
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
