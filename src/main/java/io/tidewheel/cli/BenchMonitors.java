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
 * Pages of the monitor that are open in every other part of a run, so that the parts with and
 * without them can be compared: each has the streams of the page that shows a topic, the overview
 * and the topic's rows. What they are told is read and dropped.
 */
final class BenchMonitors implements AutoCloseable {
  /** Of a part; the first one is not counted, as streams are opened or closed in it. */
  private static final int PART_SECONDS = 5;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(4);
  private static final String STREAM = "/v1/backlog/stream";

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<CompletableFuture<WebSocket>> open = new ArrayList<>();
  private final List<Long> without = new ArrayList<>();
  private final List<Long> with = new ArrayList<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final List<URI> streams;
  private final int count;
  private boolean isMeasuring;
  private long seconds;

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
  void second(long messages) {
    if (!isMeasuring) {
      return;
    }
    if (seconds % PART_SECONDS > 0) {
      (isOpen() ? with : without).add(messages);
    }
    seconds++;
    if (seconds % PART_SECONDS == 0) {
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
    if (with.isEmpty() || without.isEmpty()) {
      return figures;
    }
    double rateWith = median(with);
    double rateWithout = median(without);
    return figures
        .with("rateWithMonitors", rateWith)
        .with("rateWithoutMonitors", rateWithout)
        .with("monitorsCost", 100 * (1 - rateWith / rateWithout))
        .with("monitorBytes", (double) bytes.get() / with.size())
        .with("monitorsFailed", (double) failures.get());
  }

  private static double median(List<Long> rates) {
    List<Long> sorted = new ArrayList<>(rates);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2.0;
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
