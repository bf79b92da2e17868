package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alert rules ask for what a broker gives, by the word of a Prometheus. */
class PrometheusIT {
  private static final Path PROMETHEUS = Path.of("/usr/bin/prometheus");
  private static final Pattern METRIC = Pattern.compile("\\b(?:tidewheel|process)_[a-z_]+");

  @TempDir private Path directory;
  private NodeFixture node;
  private Process prometheus;
  private int port;

  @BeforeEach
  void start() throws IOException {
    assertThat(Files.isExecutable(PROMETHEUS))
        .as("a Prometheus is there: apt-get install -y prometheus")
        .isTrue();
    node = NodeFixture.start(directory.resolve("data"));
    node.put("/v1/topics/orders", "{}");
    node.put("/v1/topics/orders/subscriptions/billing", "{}");
    node.put("/v1/topics/orders/subscriptions/mail", "{}");
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    Path rules = Path.of("conf/prometheus/alerts.yml").toAbsolutePath();
    Files.writeString(
        directory.resolve("prometheus.yml"),
        Files.readString(Path.of("conf/prometheus/prometheus.yml"))
            .replace("127.0.0.1:8080", "127.0.0.1:" + node.port())
            .replace("alerts.yml", rules.toString())
            .replace("10s", "1s"));
    prometheus =
        new ProcessBuilder(
                PROMETHEUS.toString(),
                "--config.file=" + directory.resolve("prometheus.yml"),
                "--storage.tsdb.path=" + directory.resolve("tsdb"),
                "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("prometheus.log").toFile())
            .start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (prometheus != null) {
      prometheus.destroy();
      if (!prometheus.waitFor(20, TimeUnit.SECONDS)) {
        prometheus.destroyForcibly();
      }
    }
    node.close();
  }

  @Test
  @Timeout(150)
  void everyQueryReturnsData() throws IOException {
    JsonNode dashboard = NodeFixture.JSON.readTree(Path.of("conf/grafana/tidewheel.json").toFile());
    List<String> queries = dashboard.findValuesAsText("expr");
    assertThat(queries).hasSizeGreaterThan(15);
    Set<String> metrics = new TreeSet<>();
    String alerts = Files.readString(Path.of("conf/prometheus/alerts.yml"));
    Matcher named = METRIC.matcher(alerts);
    while (named.find()) {
      metrics.add(named.group());
    }
    assertThat(metrics).hasSizeGreaterThan(6);
    for (String query : queries) {
      NodeFixture.await(() -> hasData(query));
    }
    for (String metric : metrics) {
      NodeFixture.await(() -> hasData("count(" + metric + ")"));
    }
    JsonNode rules = ask("/api/v1/rules").at("/data/groups/0/rules");
    assertThat(rules).hasSize(alerts.split("- alert:", -1).length - 1);
    NodeFixture.await(
        () ->
            ask("/api/v1/rules").at("/data/groups/0/rules").findValuesAsText("health").stream()
                .allMatch("ok"::equals));
  }

  /** Something goes on meanwhile, so that rates are of something. */
  private boolean hasData(String query) {
    node.publish("orders", "m", Map.of());
    node.settle(
        "orders",
        "billing",
        "ack",
        node.pull("orders", "billing", 1, "1s").stream().map(NodeFixture::receipt).toList());
    JsonNode found =
        ask("/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8))
            .at("/data/result");
    for (JsonNode each : found) {
      if (!each.at("/value/1").asText("NaN").equals("NaN")) {
        return true;
      }
    }
    return false;
  }

  private JsonNode ask(String path) {
    try {
      return NodeFixture.JSON.readTree(
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                  HttpResponse.BodyHandlers.ofString())
              .body());
    } catch (IOException e) {
      return NodeFixture.JSON.createObjectNode();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
