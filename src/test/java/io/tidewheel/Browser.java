package io.tidewheel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A real browser without a window: Debian's Chromium, driven through its chromedriver by the
 * WebDriver protocol. Clicks and keys are those of a user; whatever is waited for is a condition.
 */
public final class Browser implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
  private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
  private static final Path SHOTS = Path.of("target/screenshots");
  private static final String ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

  private final HttpClient client = HttpClient.newHttpClient();
  private final Process driver;
  private final String base;
  private String session = "";

  private Browser(Process driver, int port) {
    this.driver = driver;
    this.base = "http://127.0.0.1:" + port;
  }

  public static Browser start(Path directory) {
    if (!Files.isExecutable(DRIVER) || !Files.isExecutable(CHROMIUM)) {
      throw new AssertionError(
          "the page is tried in a real browser: apt-get install -y chromium chromium-driver");
    }
    try {
      int port = freePort();
      Process driver =
          new ProcessBuilder(DRIVER.toString(), "--port=" + port)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("chromedriver.log").toFile())
              .start();
      Browser browser = new Browser(driver, port);
      NodeFixture.await(browser::isUp);
      browser.open();
      return browser;
    } catch (IOException e) {
      throw new AssertionError("the browser does not start", e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private boolean isUp() {
    try {
      return send("GET", base + "/status", null).path("ready").asBoolean();
    } catch (IOException e) {
      return false;
    }
  }

  private void open() throws IOException {
    ObjectNode body = JSON.createObjectNode();
    ObjectNode wanted = body.putObject("capabilities").putObject("alwaysMatch");
    wanted.putObject("goog:loggingPrefs").put("browser", "ALL");
    ObjectNode options = wanted.putObject("goog:chromeOptions").put("binary", CHROMIUM.toString());
    // Continuous integration runs as root, for which Chromium has no sandbox.
    options
        .putArray("args")
        .add("--headless=new")
        .add("--no-sandbox")
        .add("--disable-gpu")
        .add("--disable-dev-shm-usage")
        .add("--hide-scrollbars");
    session = base + "/session/" + send("POST", base + "/session", body).get("sessionId").asText();
  }

  /** Shows a page, at a width, in light or dark. */
  public void show(String url, int width, boolean isDark) {
    ObjectNode metrics = JSON.createObjectNode();
    metrics.put("width", width).put("height", width < 600 ? 844 : 900);
    metrics.put("deviceScaleFactor", 1).put("mobile", false);
    devTools("Emulation.setDeviceMetricsOverride", metrics);
    ObjectNode media = JSON.createObjectNode();
    media
        .putArray("features")
        .addObject()
        .put("name", "prefers-color-scheme")
        .put("value", isDark ? "dark" : "light");
    devTools("Emulation.setEmulatedMedia", media);
    // Another document first: a change of the hash alone would keep the page.
    leave();
    call("POST", "/url", JSON.createObjectNode().put("url", url));
  }

  /** Shows nothing; the page and its connections end. */
  void leave() {
    call("POST", "/url", JSON.createObjectNode().put("url", "about:blank"));
  }

  /** The value of a script's {@code return}. */
  public JsonNode run(String script) {
    ObjectNode body = JSON.createObjectNode().put("script", script);
    body.putArray("args");
    return call("POST", "/execute/sync", body);
  }

  /** All text that is shown. */
  public String text() {
    return run("return document.body.innerText").asText();
  }

  public void awaitText(String words) {
    try {
      NodeFixture.await(() -> text().contains(words));
    } catch (AssertionError e) {
      throw new AssertionError("no text '" + words + "' in:\n" + text(), e);
    }
  }

  public void await(BooleanSupplier condition) {
    NodeFixture.await(condition);
  }

  boolean has(String selector) {
    return run("return document.querySelector(" + quoted(selector) + ") !== null").asBoolean();
  }

  void awaitElement(String selector) {
    NodeFixture.await(() -> has(selector));
  }

  /** Clicks as a user does: what is covered or not shown can't be. */
  void click(String xpath) {
    String element = find(xpath);
    NodeFixture.await(() -> isDone("/element/" + element + "/click", JSON.createObjectNode()));
  }

  /** Clicks the button, tab or link with these words, in the dialog if one is open. */
  void press(String words) {
    String within = has("dialog[open]") ? "//dialog[@open]" : "";
    click(
        within
            + "//*[self::button or self::a][normalize-space()='"
            + words
            + "' and not(@hidden) and not(@disabled)]");
  }

  /** Replaces what stands in a field, key by key. */
  void type(String selector, String keys) {
    String element = find("css:" + selector);
    call("POST", "/element/" + element + "/clear", JSON.createObjectNode());
    call("POST", "/element/" + element + "/value", JSON.createObjectNode().put("text", keys));
  }

  /** Presses a key where the focus is. */
  void key(String key) {
    ObjectNode body = JSON.createObjectNode();
    var actions =
        body.putArray("actions").addObject().put("type", "key").put("id", "k").putArray("actions");
    actions.addObject().put("type", "keyDown").put("value", key);
    actions.addObject().put("type", "keyUp").put("value", key);
    call("POST", "/actions", body);
  }

  private String find(String how) {
    boolean isCss = how.startsWith("css:");
    ObjectNode body = JSON.createObjectNode();
    body.put("using", isCss ? "css selector" : "xpath");
    body.put("value", isCss ? how.substring(4) : how);
    List<String> found = new ArrayList<>();
    try {
      NodeFixture.await(
          () -> {
            try {
              found.add(send("POST", session + "/element", body).get(ELEMENT).asText());
              return true;
            } catch (IOException e) {
              return false;
            }
          });
    } catch (AssertionError e) {
      throw new AssertionError("there is no " + how + " in:\n" + text(), e);
    }
    return found.get(0);
  }

  /** Keeps a picture of the whole page. */
  void shoot(String name) {
    JsonNode shot =
        devTools(
            "Page.captureScreenshot", JSON.createObjectNode().put("captureBeyondViewport", true));
    try {
      Files.createDirectories(SHOTS);
      Files.write(
          SHOTS.resolve(name + ".png"), Base64.getDecoder().decode(shot.get("data").asText()));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** What the browser complained of since the last time: errors of scripts and of the policy. */
  public List<String> complaints() {
    List<String> found = new ArrayList<>();
    ObjectNode body = JSON.createObjectNode().put("type", "browser");
    for (JsonNode entry : call("POST", "/se/log", body)) {
      if (entry.get("level").asText().equals("SEVERE")) {
        found.add(entry.get("message").asText());
      }
    }
    return found;
  }

  JsonNode devTools(String command, ObjectNode parameters) {
    ObjectNode body = JSON.createObjectNode().put("cmd", command);
    body.set("params", parameters);
    return call("POST", "/goog/cdp/execute", body);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\"", "\\\"") + '"';
  }

  private boolean isDone(String path, ObjectNode body) {
    try {
      send("POST", session + path, body);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private JsonNode call(String method, String path, ObjectNode body) {
    try {
      return send(method, session + path, body);
    } catch (IOException e) {
      throw new AssertionError(method + ' ' + path, e);
    }
  }

  private JsonNode send(String method, String url, ObjectNode body) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      JsonNode value = JSON.readTree(response.body()).path("value");
      if (response.statusCode() != 200) {
        throw new IOException(value.path("message").asText(response.body()));
      }
      return value;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Ends it, and the driver. */
  @Override
  public void close() {
    if (!session.isEmpty()) {
      call("DELETE", "", null);
    }
    driver.destroy();
    try {
      if (!driver.waitFor(10, TimeUnit.SECONDS)) {
        driver.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
