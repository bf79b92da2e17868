package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** What the page shows is what the broker says. */
class MonitorFiguresIT extends MonitorPage {
  @Test
  void showsTheSameFiguresAsTheApi() {
    fillOrders();
    for (String look : List.of("1280-light", "1280-dark", "390-light", "390-dark")) {
      show("", look);
      browser.awaitText("orders › billing");
      browser.awaitText("paused");
      // One of the three acked messages of billing, as the API counts it.
      long backlog = backlogOf("orders");
      browser.await(
          () ->
              tile("Backlog").equals(String.valueOf(backlog)) && tile("Dead letters").equals("2"));
      assertThat(browser.text()).contains("Largest backlogs", "Held back", "Members");
      browser.await(() -> browser.text().matches("(?s).*\\(this one\\).*\\d %.*"));
      browser.shoot("overview-" + look);
      assertReadable(look);
    }
  }

  /** Nothing moves any more: the page, the calls, the metrics and the count of the store agree. */
  @Test
  void showsExactlyWhatTheCallsTheMetricsAndTheReconciliationCountAfterQuiet() {
    fillOrders();
    assertThat(node.pull("orders", "billing", 2, "5s", "10m")).hasSize(2);
    show("", "1280-light");
    browser.await(() -> tile("With workers").equals("2") && tile("Dead letters").equals("2"));
    // Of billing 10 less 3 done, 2 dead and 2 with a worker; of mail all 10.
    browser.await(() -> tile("Backlog").equals("13"));
    JsonNode overview = node.get("/v1/backlog/overview").body();
    assertThat(overview.get("backlog").asLong()).isEqualTo(13);
    assertThat(overview.get("leased").asLong()).isEqualTo(2);
    assertThat(overview.get("deadLetters").asLong()).isEqualTo(2);
    assertThat(backlogOf("orders")).isEqualTo(13);
    assertThat(backlogOf("orders~billing")).isEqualTo(2);
    // Both: before the dead letters are counted and two have a worker, 15 wait as well.
    browser.await(
        () ->
            metric("tidewheel_backlog_messages") == 15 && metric("tidewheel_leased_messages") == 2);
    assertThat(metric("tidewheel_messages_acked_total")).isEqualTo(3);
    assertThat(metric("tidewheel_messages_dead_lettered_total")).isEqualTo(2);
    assertThat(metric("tidewheel_messages_delivered_total")).isEqualTo(7);
    show("#/topic/orders", "1280-light");
    browser.await(() -> cellsOf("billing").size() > 4 && cellsOf("mail").size() > 4);
    for (String name : List.of("billing", "mail")) {
      JsonNode resource = subscription(name);
      browser.await(() -> counted(name).get("counted").asBoolean());
      JsonNode counted = counted(name);
      long waits = 0;
      for (String place : List.of("waiting", "dispatchable", "unread")) {
        waits += counted.get(place).asLong();
      }
      List<String> cells = cellsOf(name);
      assertThat(List.of(cells.get(2), cells.get(4), cells.get(9)))
          .as("backlog, leased and dead letters of " + name)
          .containsExactly(
              resource.get("backlog").asText(),
              resource.get("leased").asText(),
              resource.get("deadLetters").asText())
          .containsExactly(
              Long.toString(waits), counted.get("leased").asText(), counted.get("dead").asText());
      assertThat(counted.get("difference").asLong()).isZero();
    }
  }

  /**
   * Messages come and are done all the time. What the publisher and the workers counted is read
   * before and after what the broker says: that must lie between, of at most two seconds ago.
   */
  @Test
  void followsTheCountOfTheClientsWithinTwoSecondsUnderLoad() throws InterruptedException {
    node.put("/v1/topics/orders", "{\"queues\":4}");
    node.put("/v1/topics/orders/subscriptions/billing", "{}");
    AtomicLong stored = new AtomicLong();
    AtomicLong done = new AtomicLong();
    AtomicBoolean isOver = new AtomicBoolean();
    CompletableFuture<?> publisher =
        loop(
            isOver,
            () -> {
              publish(1_000);
              stored.addAndGet(1_000);
              // The figures are looked at, not how much two processors can do.
              LockSupport.parkNanos(150_000_000);
            });
    CompletableFuture<?> worker =
        loop(
            isOver,
            () -> {
              List<String> receipts =
                  node.pull("orders", "billing", 500, "1s").stream()
                      .map(NodeFixture::receipt)
                      .toList();
              if (!receipts.isEmpty()) {
                node.settle("orders", "billing", "ack", receipts);
                done.addAndGet(receipts.size());
              }
            });
    show("", "1280-light");
    browser.awaitText("orders › billing");
    Counts counts = new Counts(() -> stored.get() - done.get());
    for (int i = 0; i < 40; i++) {
      long at = System.nanoTime();
      counts.count();
      if (i >= 20) {
        counts.assertWithin("page", () -> Double.parseDouble("0" + tile("Backlog")));
        counts.assertWithin("API", () -> (double) backlogOf("orders"));
        counts.assertWithin("metrics", () -> metric("tidewheel_backlog_messages"));
      }
      LockSupport.parkNanos(Math.max(0, at + 150_000_000 - System.nanoTime()));
    }
    isOver.set(true);
    publisher.join();
    worker.join();
    long left = stored.get() - done.get();
    browser.await(() -> tile("Backlog").equals(String.valueOf(left)));
    assertThat(backlogOf("orders")).isEqualTo(left);
  }

  /** What the clients counted, as time passes. */
  private static final class Counts {
    /** What is on its way counts for them only when it is answered: a batch, and two pulls. */
    private static final double SLACK = 2_000;

    private final LongSupplier backlog;
    private final List<Counted> counted = new ArrayList<>();

    private record Counted(long atNanos, long backlog) {}

    private Counts(LongSupplier backlog) {
      this.backlog = backlog;
    }

    private void count() {
      counted.add(new Counted(System.nanoTime(), backlog.getAsLong()));
    }

    /** A figure as it was counted at some time of the last two seconds, or by now. */
    private void assertWithin(String of, DoubleSupplier figure) {
      long began = System.nanoTime();
      double said = figure.getAsDouble();
      count();
      List<Long> recent =
          counted.stream()
              .filter(each -> began - each.atNanos < 2_200_000_000L)
              .map(Counted::backlog)
              .toList();
      assertThat(said)
          .as("backlog by the " + of)
          .isBetween(Collections.min(recent) - SLACK, Collections.max(recent) + SLACK);
    }
  }

  /** Ends with what went wrong. */
  private static CompletableFuture<?> loop(AtomicBoolean isOver, Runnable once) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                while (!isOver.get()) {
                  once.run();
                }
                end.complete(null);
              } catch (RuntimeException | AssertionError e) {
                end.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return end;
  }

  @Test
  void showsWhatIsThrottledAndWhy() {
    node.put("/v1/backends/ledger", "{\"budget\":400}");
    node.put("/v1/topics/orders", "{}");
    node.put("/v1/topics/orders/subscriptions/billing", "{\"backends\":[\"ledger\"]}");
    node.put("/v1/topics/orders/subscriptions/mail", "{\"rateLimit\":25}");
    publish(3_000);
    try (FeedbackCrowd billing = new FeedbackCrowd(() -> node, "orders", "billing", 10, null);
        FeedbackCrowd mail = new FeedbackCrowd(() -> node, "orders", "mail", 5, null)) {
      billing.with("till-1", 1_000_000, () -> true).with("till-2", 1_000_000, () -> true);
      mail.with("post-1", 1_000_000, () -> true);
      show("#/feedback", "1280-light");
      browser.awaitText("backend ledger takes 400.0 calls a second");
      node.post(
          "/v1/feedback/ledger",
          "{\"signal\":\"slow\",\"rate\":50,\"ttl\":\"2m\",\"reason\":\"<b>compaction</b>\"}");
      browser.awaitText("asked for 50.0 calls a second (<b>compaction</b>)");
      browser.awaitElement("section[aria-label='orders › billing'] polyline.s-may");
      browser.awaitElement("section[aria-label='Backend ledger'] polyline.s-does");
      for (String look : List.of("1280-light", "1280-dark", "390-light", "390-dark")) {
        show("#/feedback", look);
        browser.awaitText("<b>compaction</b>; for another");
        browser.awaitElement("section[aria-label='orders › mail'] polyline.s-may");
        assertThat(browser.text())
            .contains("its own rate limit", "slow: 50 /s", "No worker fails where others succeed");
        browser.shoot("feedback-" + look);
        assertReadable(look);
      }
      assertUntouched();
      show("#/topic/orders", "1280-light");
      browser.awaitText("50 /s: backend");
      show("", "1280-light");
      browser.awaitElement("table[aria-label='Held back'] .badge.warn");
      browser.shoot("throttled-1280-light");
    }
  }

  /** What the queue of orders has counted of a subscription. */
  private JsonNode counted(String subscription) {
    for (JsonNode each :
        node.get("/v1/topics/orders/reconciliation").body().at("/queues/0/subscriptions")) {
      if (each.get("subscription").asText().equals(subscription)) {
        return each;
      }
    }
    throw new AssertionError("nothing is counted of " + subscription);
  }

  private double metric(String name) {
    return node.text("/metrics")
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** The row of a subscription, cell by cell. */
  private List<String> cellsOf(String subscription) {
    JsonNode found =
        browser.run(
            "const row = [...document.querySelectorAll('table[aria-label=Subscriptions] tbody tr')]"
                + ".find((each) => each.cells[0].textContent === '"
                + subscription
                + "'); return row ? [...row.cells].map((each) => each.textContent) : []");
    return NodeFixture.JSON.convertValue(
        found, NodeFixture.JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }

  private void publish(int count) {
    for (int sent = 0; sent < count; sent += 1_000) {
      ObjectNode batch = NodeFixture.JSON.createObjectNode();
      ArrayNode messages = batch.putArray("messages");
      for (int i = sent; i < sent + 1_000; i++) {
        messages.addObject().put("body", i);
      }
      assertThat(node.post("/v1/topics/orders/messages:batch", batch.toString()).status())
          .isEqualTo(200);
    }
  }
}
