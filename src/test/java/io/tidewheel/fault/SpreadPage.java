package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.Browser;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.crash.BrokerClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The page of the monitor in a real browser, and the broker that it is connected to is killed or
 * frozen, while messages come all the time. Tells for how long no figure on it moved.
 */
final class SpreadPage {
  private static final int ROUNDS = 3;
  private static final double PER_SECOND = 40;
  private static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long SAMPLE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Where the page is, whether it says that it is live, and the backlog that it shows. */
  private static final String LOOK =
      """
      const row = document.querySelector('table[aria-label=Subscriptions] tbody tr');
      const isLive = document.querySelector('.live.on') !== null;
      return [location.port, isLive, row ? row.cells[2].textContent : ''];
      """;

  private final LocalCluster cluster;
  private final String topic;
  private volatile boolean isOver;

  private record Seen(String port, boolean isLive, String backlog) {}

  SpreadPage(LocalCluster cluster, String topic) {
    this.cluster = cluster;
    this.topic = topic;
  }

  void run() throws IOException, InterruptedException {
    try (TidewheelClient client =
            TidewheelClient.builder().endpoints(cluster.urls().toArray(String[]::new)).build();
        Browser browser = Browser.start(Path.of("target/spread"))) {
      Thread publishing = new Thread(() -> publish(client.publisher(topic)), "publish");
      publishing.setDaemon(true);
      publishing.start();
      browser.show(cluster.urls().get(1) + "/#/topic/" + topic, 1280, false);
      measure(browser, "kill");
      measure(browser, "pause");
      isOver = true;
      publishing.join();
    }
  }

  private void measure(Browser browser, String how) throws IOException, InterruptedException {
    List<Double> gaps = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      gaps.add(measureOnce(browser, how));
    }
    Collections.sort(gaps);
    System.out.printf(
        Locale.ROOT,
        "page   the broker of the page is %s, %d times: no figure moved for %.1f s in the median,"
            + " %.1f s at most%n",
        how.equals("kill") ? "killed" : "frozen",
        ROUNDS,
        gaps.get(ROUNDS / 2),
        gaps.get(ROUNDS - 1));
  }

  /** Gives the longest time between two figures, in seconds, from before it to well after it. */
  private double measureOnce(Browser browser, String how) throws IOException, InterruptedException {
    awaitAllReady();
    Seen before = look(browser, null);
    Seen last = before;
    long began = System.nanoTime();
    // It shows figures that move, and every broker has been a member for a while.
    long strike = began + TimeUnit.SECONDS.toNanos(8);
    long movedNanos = began;
    long longest = 0;
    int broker = brokerAt(before.port);
    boolean isStruck = false;
    long backNanos = Long.MAX_VALUE;
    while (System.nanoTime() - backNanos < TimeUnit.SECONDS.toNanos(3)) {
      if (!isStruck && System.nanoTime() - strike > 0) {
        isStruck = true;
        longest = 0;
        strikeLater(broker, how);
      }
      Seen seen = look(browser, last);
      long now = System.nanoTime();
      if (!seen.backlog.isEmpty() && !seen.backlog.equals(last.backlog)) {
        longest = Math.max(longest, now - movedNanos);
        movedNanos = now;
        if (isStruck && !seen.port.equals(before.port) && seen.isLive && backNanos > now) {
          backNanos = now;
        }
      }
      last = seen;
      if (now - began > MAX_WAIT_NANOS) {
        throw new IOException("the page did not go on: " + last);
      }
      LockSupport.parkNanos(SAMPLE_NANOS);
    }
    if (how.equals("pause")) {
      cluster.command("resume", String.valueOf(broker));
    }
    return longest / 1e9;
  }

  private void strikeLater(int broker, String how) {
    List<String> line = new ArrayList<>(List.of(how, String.valueOf(broker)));
    if (how.equals("kill")) {
      line.addAll(List.of("--down", "10"));
    }
    Thread thread =
        new Thread(
            () -> {
              try {
                cluster.command(line.toArray(String[]::new));
              } catch (IOException e) {
                System.err.println("spread-test: " + line + " failed: " + e.getMessage());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            how);
    thread.setDaemon(true);
    thread.start();
  }

  /** Between two pages there is nothing to look at: then it is as it was. */
  private static Seen look(Browser browser, Seen last) {
    try {
      JsonNode seen = browser.run(LOOK);
      return new Seen(
          seen.path(0).asText(), seen.path(1).asBoolean(), seen.path(2).asText().trim());
    } catch (AssertionError e) {
      if (last == null) {
        throw e;
      }
      return last;
    }
  }

  private int brokerAt(String port) {
    for (int i = 0; i < cluster.urls().size(); i++) {
      if (cluster.urls().get(i).endsWith(':' + port)) {
        return i + 1;
      }
    }
    throw new IllegalStateException("no broker is at " + port);
  }

  private void awaitAllReady() throws IOException, InterruptedException {
    long until = System.nanoTime() + 2 * MAX_WAIT_NANOS;
    for (String url : cluster.urls()) {
      while (!isReady(url)) {
        if (System.nanoTime() - until > 0) {
          throw new IOException(url + " does not come back");
        }
        TimeUnit.MILLISECONDS.sleep(200);
      }
    }
  }

  private static boolean isReady(String url) throws InterruptedException {
    try {
      return new BrokerClient(url).get("/health/ready").status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private void publish(Publisher publisher) {
    long began = System.nanoTime();
    for (long i = 0; !isOver; i++) {
      long due = began + (long) (i * 1e9 / PER_SECOND);
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      // What becomes of it is not what is measured here.
      var unused = publisher.publish(Message.text("m" + i));
    }
  }
}
