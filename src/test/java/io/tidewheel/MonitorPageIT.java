package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page of the monitor in a real browser: every view, every action, and what must not happen.
 */
class MonitorPageIT {
  /**
   * Texts that a page which takes text for markup, script or a template would do something with.
   */
  private static final List<String> MARKUP =
      List.of(
          "<script>window.taken = 1</script>",
          "<img src=x onerror=\"window.taken = 2\">",
          "<svg onload=window.taken=3>",
          "<svg><script>window.taken=4</script></svg>",
          "\"><script>window.taken = 5</script>",
          "'><img src=x onerror='window.taken=6'>",
          "</td></tr></table><script>window.taken=7</script>",
          "</script><script>window.taken=8</script>",
          "</title><script>window.taken=9</script>",
          "</textarea><script>window.taken=10</script>",
          "<iframe src=\"javascript:parent.taken=11\"></iframe>",
          "<a href=\"javascript:window.taken=12\">click</a>",
          "javascript:window.taken=13",
          "<body onload=window.taken=14>",
          "<input autofocus onfocus=window.taken=15>",
          "<details open ontoggle=window.taken=16>",
          "<style>body{display:none}</style>",
          "<meta http-equiv=refresh content=\"0;url=/openapi.json\">",
          "<base href=\"http://evil.example/\">",
          "<!--<img src=\"--><img src=x onerror=window.taken=20//\">",
          "{{constructor.constructor('window.taken=21')()}}",
          "${window.taken=22}",
          "&lt;b&gt;&amp;amp;",
          "<b>bold</b>");

  @TempDir private Path directory;
  private int port;
  private NodeFixture node;
  private Browser browser;

  @BeforeEach
  void start() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    node = NodeFixture.start(directory.resolve("data"), Map.of("tidewheel.http.port", port));
    browser = Browser.start(directory);
  }

  @AfterEach
  void stop() {
    try {
      assertThat(browser.complaints())
          .as("of scripts or of the policy")
          .allMatch(each -> each.contains("WebSocket") || each.contains("Failed to load"));
    } finally {
      browser.close();
      node.close();
    }
  }

  @Test
  void showsTheSameFiguresAsTheApi() {
    fillOrders();
    for (String look : List.of("1280-light", "1280-dark", "390-light", "390-dark")) {
      show("", look);
      browser.awaitText("orders › billing");
      browser.awaitText("paused");
      // One of the three acked messages of billing, as the API counts it.
      long backlog = backlogOf("orders");
      browser.await(() -> tile("Backlog").equals(String.valueOf(backlog)));
      assertThat(tile("Dead letters")).isEqualTo("2");
      assertThat(browser.text()).contains("Largest backlogs", "Held back", "Members");
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
    browser.await(() -> metric("tidewheel_backlog_messages") == 15);
    assertThat(metric("tidewheel_leased_messages")).isEqualTo(2);
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

  @Test
  void showsATopicFromAllSides() {
    fillOrders();
    for (String look : List.of("1280-light", "1280-dark", "390-light", "390-dark")) {
      show("#/topic/orders", look);
      browser.awaitElement("td .badge.warn");
      assertThat(browser.text()).contains("billing", "mail", "paused");
      browser.shoot("topic-" + look);
      assertReadable(look);
      browser.press("Dead letters");
      browser.awaitText("rejected: the card is stolen");
      browser.shoot("dead-letters-" + look);
      assertReadable(look);
      browser.press("Queues");
      browser.awaitText("Next offset");
      assertReadable(look);
      browser.press("Messages");
      browser.awaitText("found.");
      browser.shoot("messages-" + look);
      assertReadable(look);
    }
  }

  @Test
  void findsAMessageAndSaysWhereItIs() {
    fillOrders();
    show("#/topic/orders/messages?how=id&what=o-1", "1280-light");
    browser.awaitText("1 found.");
    browser.click("//td/button");
    browser.awaitText("Failed attempts");
    assertThat(browser.text()).contains("customer-1", "dead", "billing");
    browser.shoot("message-1280-light");
    assertReadable("message");
    browser.key("\uE00C");
    browser.await(() -> !browser.has("dialog"));
  }

  @Test
  void showsWhoHoldsMessages() {
    fillOrders();
    node.post(
        "/v1/topics/orders/subscriptions/billing/messages:pull",
        "{\"max\":3,\"wait\":\"5s\",\"worker\":\"till-9\",\"version\":\"7312\"}");
    show("#/topic/orders/workers", "1280-light");
    browser.awaitText("till-9");
    assertThat(browser.text()).contains("7312");
    browser.shoot("workers-1280-light");
  }

  @Test
  void pausesAndResumesAfterAsking() {
    fillOrders();
    show("#/topic/orders", "1280-light");
    press("billing", "Pause");
    browser.awaitText("Nothing more is given out");
    browser.shoot("pause-1280-light");
    browser.press("Cancel");
    browser.await(() -> !browser.has("dialog"));
    assertThat(isPaused("billing")).isFalse();
    press("billing", "Pause");
    browser.press("Pause");
    browser.awaitText("It is paused.");
    assertThat(isPaused("billing")).isTrue();
    browser.press("Close");
    press("billing", "Resume");
    browser.press("Resume");
    browser.awaitText("It goes on.");
    assertThat(isPaused("billing")).isFalse();
  }

  @Test
  void seeksWithWordsOfWhatThatMeans() {
    fillOrders();
    show("#/topic/orders", "1280-dark");
    press("mail", "Seek");
    browser.awaitText("The topic keeps 10 messages");
    browser.shoot("seek-1280-dark");
    browser.run("document.querySelector('dialog select').value = 'latest'");
    browser.press("Seek");
    browser.awaitText("It goes on at 0 / ");
    assertThat(subscription("mail").get("backlog").asLong()).isZero();
  }

  @Test
  void limitsTheRate() {
    fillOrders();
    show("#/topic/orders", "390-light");
    press("mail", "Rate");
    browser.awaitText("There is no limit.");
    browser.type("dialog input", "25");
    browser.shoot("rate-390-light");
    browser.press("Set");
    browser.awaitText("At most 25 messages a second");
    assertThat(subscription("mail").at("/settings/rateLimit").asInt()).isEqualTo(25);
  }

  @Test
  void redrivesWhatTheDryRunCounted() {
    fillOrders();
    show("#/topic/orders/dead?subscription=billing", "1280-light");
    browser.awaitText("rejected: the card is stolen");
    browser.press("Redrive …");
    browser.awaitText("2 dead letters");
    browser.shoot("redrive-1280-light");
    assertThat(backlogOf("orders~billing")).as("a dry run gives nothing back").isEqualTo(2);
    browser.press("Redrive 2");
    browser.awaitText("2 redriven, 0 failed.");
    assertThat(backlogOf("orders~billing")).isZero();
  }

  @Test
  void publishesATestMessage() {
    fillOrders();
    show("#/topic/orders", "1280-light");
    browser.press("Publish a test message");
    browser.type("dialog input[name=key]", "ключ & co");
    browser.type("dialog input[name=headers]", "source=page, note=<i>");
    browser.type("dialog textarea", "{\"n\":1}");
    browser.shoot("publish-1280-light");
    browser.press("Publish");
    browser.awaitText("Stored as ");
    JsonNode last = null;
    for (JsonNode each : node.get("/v1/topics/orders/messages?max=100").body().get("messages")) {
      last = each;
    }
    assertThat(last.get("key").asText()).isEqualTo("ключ & co");
    assertThat(last.at("/headers/source").asText()).isEqualTo("page");
    assertThat(last.at("/body/n").asInt()).isEqualTo(1);
  }

  @Test
  void saysWhyAnActionFailed() {
    fillOrders();
    show("#/topic/orders", "1280-light");
    press("billing", "Pause");
    node.delete("/v1/topics/orders/subscriptions/billing");
    browser.press("Pause");
    browser.awaitText("has no subscription");
    browser.shoot("refused-1280-light");
  }

  @Test
  void showsMarkupAsText() {
    node.put("/v1/topics/orders", "{}");
    node.put("/v1/topics/orders/subscriptions/billing", "{}");
    ArrayNode messages = NodeFixture.JSON.createArrayNode();
    for (String text : MARKUP) {
      ObjectNode message =
          messages.addObject().put("id", text).put("key", text).put("bodyText", text);
      message.put("contentType", "text/html").putObject("headers").put("note", text);
    }
    ObjectNode batch = NodeFixture.JSON.createObjectNode();
    batch.set("messages", messages);
    assertThat(node.post("/v1/topics/orders/messages:batch", batch.toString()).status())
        .isEqualTo(200);
    for (JsonNode pulled : node.pull("orders", "billing", 100, "5s")) {
      ObjectNode reject = NodeFixture.JSON.createObjectNode();
      reject.putArray("receipts").add(pulled.get("receipt"));
      reject.put("reason", pulled.get("key").asText());
      node.post("/v1/topics/orders/subscriptions/billing/messages:reject", reject.toString());
    }
    browser.await(() -> node.get("/v1/topics/orders~billing").status() == 200);
    show("#/topic/orders/messages?how=oldest", "1280-light");
    browser.awaitText(MARKUP.size() + " found.");
    for (String text : MARKUP) {
      assertThat(cells()).as("payload, id and key").contains(text);
    }
    browser.shoot("markup-1280-light");
    assertUntouched();
    browser.click("(//td/button)[2]");
    browser.awaitText("Failed attempts");
    assertThat(browser.run("return document.querySelector('dialog').textContent").asText())
        .contains(MARKUP.get(1));
    assertUntouched();
    show("#/topic/orders/dead", "1280-light");
    browser.awaitElement("tbody tr");
    browser.await(
        () ->
            MARKUP.stream()
                .allMatch(
                    text -> cells().stream().anyMatch(cell -> cell.equals("rejected: " + text))));
    assertUntouched();
    for (String text : MARKUP) {
      show("#/topic/" + percent(text), "1280-light");
      browser.await(
          () ->
              browser
                  .run("return (document.querySelector('h1') || {}).textContent || ''")
                  .asText()
                  .equals(text));
      assertUntouched();
    }
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

  @Test
  void saysThatItIsNotLiveAndComesBackByItself() {
    fillOrders();
    show("", "1280-light");
    browser.awaitText("orders › billing");
    node.stop();
    browser.awaitText("Not live: the broker was last heard");
    browser.shoot("stale-1280-light");
    node.begin();
    browser.await(() -> browser.run("return document.getElementById('stale').hidden").asBoolean());
    assertThat(browser.text()).doesNotContain("Not live");
    node.publish("orders", "more", Map.of());
    browser.await(() -> tile("Backlog").equals(String.valueOf(backlogOf("orders"))));
  }

  @Test
  void isReachedByKeysAlone() {
    fillOrders();
    show("", "1280-light");
    browser.awaitText("orders › billing");
    browser.key("\uE004");
    assertThat(focus()).isEqualTo("To the content");
    for (String next : List.of("Tidewheel", "Overview", "Topics")) {
      browser.key("\uE004");
      assertThat(focus()).isEqualTo(next);
    }
    browser.key("\uE007");
    browser.awaitElement("table[aria-label=Topics] tbody tr");
    assertThat(browser.run("return location.hash").asText()).isEqualTo("#/topics");
    for (int i = 0; i < 40 && !focus().equals("orders"); i++) {
      browser.key("\uE004");
    }
    browser.key("\uE007");
    browser.awaitText("Publish a test message");
  }

  @Test
  void listsManyTopicsPageByPage() {
    for (int i = 0; i < 120; i++) {
      node.put("/v1/topics/t" + (1_000 + i), "{}");
    }
    show("#/topics?sort=name", "1280-light");
    browser.awaitText("1 to 50 of 120");
    browser.press("Next");
    browser.awaitText("51 to 100 of 120");
    browser.press("Next");
    browser.awaitText("101 to 120 of 120");
    browser.shoot("topics-1280-light");
    browser.type(".find input", "t1007\uE007");
    browser.awaitText("1 to 1 of 1");
    assertReadable("topics");
  }

  /** Ten messages; of billing two are dead, three are done; mail is paused. */
  private void fillOrders() {
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

  private long backlogOf(String topic) {
    long sum = 0;
    for (JsonNode row : node.get("/v1/backlog?topic=" + topic).body().get("rows")) {
      sum += row.get("backlog").asLong();
    }
    return sum;
  }

  private JsonNode subscription(String name) {
    return node.get("/v1/topics/orders/subscriptions/" + name).body();
  }

  private boolean isPaused(String name) {
    return subscription(name).get("paused").asBoolean();
  }

  /** A page, in a look such as {@code 390-dark}. */
  private void show(String place, String look) {
    browser.show(
        "http://127.0.0.1:" + port + "/" + place,
        Integer.parseInt(look.split("-", -1)[0]),
        look.endsWith("dark"));
  }

  private void press(String subscription, String words) {
    browser.click(
        "//tr[td[normalize-space()='"
            + subscription
            + "']]//button[normalize-space()='"
            + words
            + "']");
  }

  private String tile(String name) {
    return browser
        .run(
            "const box = [...document.querySelectorAll('.tile')].find((each) =>"
                + " each.querySelector('dt').textContent === '"
                + name
                + "'); return box ? box.querySelector('dd span').textContent.replaceAll(',', '') : ''")
        .asText();
  }

  private List<String> cells() {
    JsonNode found =
        browser.run("return [...document.querySelectorAll('td')].map((each) => each.textContent)");
    return NodeFixture.JSON.convertValue(
        found, NodeFixture.JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }

  private String focus() {
    return browser.run("return document.activeElement.textContent.trim()").asText();
  }

  private void assertUntouched() {
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
  private void assertReadable(String look) {
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

  private static String percent(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8)
        .replace("+", "%20");
  }
}
