package io.tidewheel.fault;

import io.tidewheel.client.Outcome;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** One message at a time, by a client of one broker, and a worker of another that waits for it. */
final class SpreadWake {
  private static final int WAKES = 200;
  private static final int WARM_WAKES = 50;
  private static final long MAX_SECONDS = 60;

  private final LocalCluster cluster;
  private final String topic;

  SpreadWake(LocalCluster cluster, String topic) {
    this.cluster = cluster;
    this.topic = topic;
  }

  void run() throws IOException, InterruptedException {
    BlockingQueue<Long> handledNanos = new LinkedBlockingQueue<>();
    Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
    try (TidewheelClient far = client(2);
        TidewheelClient near = client(1)) {
      far.worker(topic, "s")
          .handler(
              delivery -> {
                handledNanos.add(System.nanoTime());
                return Outcome.ack();
              })
          .start();
      SplittableRandom random = new SplittableRandom(1);
      for (int i = 0; i < WAKES + WARM_WAKES; i++) {
        TimeUnit.MILLISECONDS.sleep(random.nextLong(50, 250));
        long began = System.nanoTime();
        near.publisher(topic).publish(Message.of(SpreadRun.payload())).join();
        Long handled = handledNanos.poll(MAX_SECONDS, TimeUnit.SECONDS);
        if (handled == null) {
          throw new IOException("a message was not handled");
        }
        if (i >= WARM_WAKES) {
          latencies.recordValue(handled - began);
        }
      }
    }
    System.out.printf(
        "wake   %d messages, publish to handler on another broker: %s%n",
        WAKES, SpreadRun.figures(latencies));
  }

  private TidewheelClient client(int broker) {
    String url = cluster.urls().get(broker - 1);
    return TidewheelClient.builder().endpoints(url).onlyEndpoints().build();
  }
}
