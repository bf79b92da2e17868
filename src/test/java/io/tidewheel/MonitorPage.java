package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A node, and its page in a real browser, in one of four looks. */
abstract class MonitorPage {
  @TempDir private static Path logs;

  /** One for all tests of a class: each has a page of its own, of a broker at another port. */
  static Browser browser;

  @TempDir private Path directory;
  private int port;
  NodeFixture node;

  @BeforeAll
  static void open() {
    browser = Browser.start(logs);
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void start() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    node = NodeFixture.start(directory.resolve("data"), Map.of("tidewheel.http.port", port));
  }

  @AfterEach
  void stop() {
    try {
      assertThat(browser.complaints())
          .as("of scripts or of the policy")
          .allMatch(each -> each.contains("WebSocket") || each.contains("Failed to load"));
    } finally {
      browser.leave();
      node.close();
    }
  }

  /** Ten messages; of billing two are dead, three are done; mail is paused. */
  void fillOrders() {
    node.put("/v1/topics/orders", "{}");
    node.put("/v1/topics/orders/subscriptions/billing", "{}");
    node.put("/v1/topics/orders/subscriptions/mail", "{}");
    for (int i = 0; i < 10; i++) {
      node.publish(
          "orders",
          "{\"order\":" + i + "}",
          Map.of(
              "Content-Type", "application/json",
              "Idempotency-Key", "o-" + i,
              "Tidewheel-Key", "customer-" + i));
    }
    List<JsonNode> pulled = node.pull("orders", "billing", 5, "5s");
    ObjectNode reject = NodeFixture.JSON.createObjectNode();
    reject.putArray("receipts").add(pulled.get(0).get("receipt")).add(pulled.get(1).get("receipt"));
    reject.put("reason", "the card is stolen");
    node.post("/v1/topics/orders/subscriptions/billing/messages:reject", reject.toString());
    node.settle(
        "orders",
        "billing",
        "ack",
        pulled.subList(2, 5).stream().map(NodeFixture::receipt).toList());
    node.post("/v1/topics/orders/subscriptions/mail:pause", "");
    NodeFixture.await(() -> backlogOf("orders~billing") == 2);
  }

  long backlogOf(String topic) {
    long sum = 0;
    for (JsonNode row : node.get("/v1/backlog?topic=" + topic).body().get("rows")) {
      sum += row.get("backlog").asLong();
    }
    return sum;
  }

  JsonNode subscription(String name) {
    return node.get("/v1/topics/orders/subscriptions/" + name).body();
  }

  /** A page, in a look such as {@code 390-dark}. */
  void show(String place, String look) {
    browser.show(
        "http://127.0.0.1:" + port + "/" + place,
        Integer.parseInt(look.split("-", -1)[0]),
        look.endsWith("dark"));
  }

  String tile(String name) {
    return browser
        .run(
            "const box = [...document.querySelectorAll('.tile')].find((each) =>"
                + " each.querySelector('dt').textContent === '"
                + name
                + "'); return box ? box.querySelector('dd span').textContent.replaceAll(',', '') : ''")
        .asText();
  }

  void assertUntouched() {
    assertThat(browser.run("return window.taken === undefined").asBoolean()).isTrue();
    assertThat(
            browser
                .run(
                    "return document.querySelectorAll('main script, main style, main iframe, main"
                        + " svg script, [onerror], [onload], base, details, img[src=x],"
                        + " a[href^=javascript]').length")
                .asInt())
        .isZero();
    assertThat(browser.run("return location.pathname").asText()).isEqualTo("/");
  }

  /** Nothing is cut off at this width, and every text stands out from what is behind it. */
  void assertReadable(String look) {
    assertThat(
            browser
                .run(
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                .asInt())
        .as("width beyond the window, " + look)
        .isZero();
    assertThat(browser.run(CONTRAST).toString()).as("texts below AA, " + look).isEqualTo("[]");
  }

  private static final String CONTRAST =
      """
      const numbers = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
      const share = (value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      };
      const light = ([r, g, b]) => 0.2126 * share(r) + 0.7152 * share(g) + 0.0722 * share(b);
      const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
          const color = numbers(getComputedStyle(at).backgroundColor);
          if (color.length === 3 || color[3] > 0.99) return color;
        }
        return [255, 255, 255];
      };
      const weak = [];
      for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility() || element.closest(".skip, :disabled")) continue;
        const style = getComputedStyle(element);
        const color = numbers(element.closest("svg") ? style.fill : style.color);
        const [a, b] = [light(color), light(behind(element))].sort((one, other) => other - one);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${element.textContent.slice(0, 40)}`);
      }
      return weak;
      """;
}
