package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.LocalNode;
import io.tidewheel.TidewheelNode;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tidewheel redrive} against a real node. */
class RedriveCommandIT {
  @TempDir private Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private TidewheelNode node;
  private BrokerConnection connection;

  @BeforeEach
  void start() {
    node = LocalNode.start(directory.resolve("data"));
    connection = new BrokerConnection(URI.create(url()));
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void looksThenRedrivesThenHasNothingLeft() throws Exception {
    run("", "topic", "create", "orders");
    run("", "subscription", "create", "orders", "billing", "start=earliest");
    run("a\nb\nc\n", "publish", "orders", "--in-flight", "1");
    rejectAll(3);

    String dry = run("", "redrive", "orders", "billing", "--dry-run");
    assertThat(dry).contains("DEAD LETTER").contains("rejected: broken");
    assertThat(dry).contains("3 would be redriven, 3 bytes, 0 skipped, 0 failed");
    assertThat(run("", "redrive", "orders", "billing", "--reason", "expired"))
        .contains("0 redriven, 3 skipped");
    assertThat(run("", "redrive", "orders", "billing", "--max", "1", "--rate", "10"))
        .contains("1 redriven");
    JsonNode begun =
        Json.MAPPER.readTree(run("", "redrive", "orders", "billing", "--no-wait", "-o", "json"));
    assertThat(begun.get("kind").asText()).isEqualTo("redrive");
    assertThat(begun.get("target").asText()).isEqualTo("/v1/topics/orders/subscriptions/billing");
    String path = "/v1/operations/" + begun.get("id").asText();
    while (connection.get(path).orFail().json().get("endedAt").isNull()) {
      Thread.onSpinWait();
    }
    JsonNode last = Json.MAPPER.readTree(run("", "redrive", "orders", "billing", "-o", "json"));
    assertThat(last.get("state").asText()).isEqualTo("done");
    assertThat(last.get("total").asInt()).isZero();
    assertThat(pull(3)).hasSize(3);
  }

  @Test
  void refusesWhatIsWrong() {
    run("", "topic", "create", "orders");
    assertThat(exit("", "redrive", "orders", "none")).isEqualTo(ExitCodes.FAILED);
    assertThat(err()).contains("no subscription");
    assertThat(exit("", "redrive", "orders")).isEqualTo(ExitCodes.USAGE);
    assertThat(exit("", "redrive", "orders", "none", "--rate", "fast")).isEqualTo(ExitCodes.USAGE);
  }

  private void rejectAll(int count) throws Exception {
    List<String> receipts = pull(count);
    String body =
        Json.compact(
            Json.MAPPER
                .createObjectNode()
                .put("reason", "broken")
                .set("receipts", Json.MAPPER.valueToTree(receipts)));
    post("reject", body).orFail();
    while (connection
            .get("/v1/backlog?topic=orders~billing")
            .orFail()
            .json()
            .at("/rows/0/backlog")
            .asInt()
        < count) {
      Thread.onSpinWait();
    }
  }

  /** Receipts of so many messages. */
  private List<String> pull(int count) throws Exception {
    List<String> receipts = new ArrayList<>();
    while (receipts.size() < count) {
      JsonNode pulled = post("pull", "{\"max\":10,\"wait\":\"10s\"}").orFail().json();
      receipts.addAll(pulled.findValuesAsText("receipt"));
    }
    return receipts;
  }

  private Answer post(String verb, String body) throws Exception {
    return connection.post(
        "/v1/topics/orders/subscriptions/billing/messages:" + verb,
        body.getBytes(StandardCharsets.UTF_8));
  }

  private String url() {
    return "http://127.0.0.1:" + node.httpAddress().getPort();
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String run(String input, String... arguments) {
    assertThat(exit(input, arguments)).as(this::err).isZero();
    return out.toString(StandardCharsets.UTF_8);
  }

  private int exit(String input, String... arguments) {
    out.reset();
    err.reset();
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--url");
    all.add(url());
    return CommandLines.run(
        input.getBytes(StandardCharsets.UTF_8), out, err, all.toArray(String[]::new));
  }
}
