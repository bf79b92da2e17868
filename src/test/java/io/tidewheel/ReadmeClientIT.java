package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.client.Outcome;
import io.tidewheel.client.Published;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client's example in README.md, which is a part of this file and does what it says. */
class ReadmeClientIT {
  private static final String BEGIN = "    // README begins";
  private static final String END = "    // README ends";

  private final Queue<Order> shipped = new ConcurrentLinkedQueue<>();
  private final Queue<String> reports = new ConcurrentLinkedQueue<>();
  private String url = "";

  record Order(int number, String customer) {}

  @Test
  void runs(@TempDir Path directory) {
    try (NodeFixture node = NodeFixture.start(directory)) {
      url = "http://127.0.0.1:" + node.port();
      example();
    }
    assertThat(shipped).containsExactly(new Order(1, "Ada"));
    assertThat(reports).containsExactly("stored in queue 0 at 0");
  }

  @Test
  void standsInTheReadme() throws IOException {
    List<String> lines =
        Files.readAllLines(Path.of("src/test/java/io/tidewheel/ReadmeClientIT.java"));
    String example =
        lines.subList(lines.indexOf(BEGIN) + 1, lines.indexOf(END)).stream()
            .map(line -> line.isEmpty() ? line : line.substring(4))
            .collect(Collectors.joining("\n"));

    assertThat(Files.readString(Path.of("README.md"))).contains("```java\n" + example + "\n```");
  }

  private void example() {
    // README begins
    // Order is a record: record Order(int number, String customer) {}
    try (TidewheelClient client = TidewheelClient.builder().endpoints(url).build()) {
      client
          .worker("orders", "default")
          .concurrency(16)
          .on("type", "created", delivery -> ship(delivery.as(Order.class)))
          .handler(delivery -> Outcome.reject("unknown type"))
          .start();
      Published published =
          client
              .publisher("orders")
              .publish(
                  Message.json("{\"number\":1,\"customer\":\"Ada\"}")
                      .withKey("Ada")
                      .withHeaders(Map.of("type", "created")))
              .join();
      report("stored in queue " + published.queue() + " at " + published.offset());
      awaitShipped(1);
    }
    // README ends
  }

  private Outcome ship(Order order) {
    shipped.add(order);
    return Outcome.ack();
  }

  private void report(String line) {
    reports.add(line);
  }

  private void awaitShipped(int count) {
    NodeFixture.await(() -> shipped.size() == count);
  }
}
