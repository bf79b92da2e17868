package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The page of the monitor in a real browser: every view, every action, and what must not happen.
 */
class MonitorPageIT extends MonitorPage {
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

  private boolean isPaused(String name) {
    return subscription(name).get("paused").asBoolean();
  }

  private void press(String subscription, String words) {
    browser.click(
        "//tr[td[normalize-space()='"
            + subscription
            + "']]//button[normalize-space()='"
            + words
            + "']");
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

  private static String percent(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8)
        .replace("+", "%20");
  }
}
