package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Sends requests to one broker over HTTP. Safe for any thread; a call blocks its caller. */
final class BrokerConnection {
  static final Duration TIMEOUT = Duration.ofSeconds(70);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private final URI broker;
  private final HttpClient http;

  BrokerConnection(URI broker) {
    this.broker = broker;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .proxy(ProxySelector.of(null))
            .build();
  }

  URI broker() {
    return broker;
  }

  /** A path of names, each escaped: {@code path("v1", "topics", name)}. */
  static String path(String... segments) {
    StringBuilder path = new StringBuilder();
    for (String segment : segments) {
      path.append('/').append(escape(segment));
    }
    return path.toString();
  }

  static String escape(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  Answer get(String path) throws InterruptedException {
    return send(request(path).GET());
  }

  Answer delete(String path) throws InterruptedException {
    return send(request(path).DELETE());
  }

  Answer put(String path, JsonNode body, @Nullable String ifMatch) throws InterruptedException {
    HttpRequest.Builder request = json(path).PUT(BodyPublishers.ofString(Json.compact(body)));
    if (ifMatch != null) {
      request.header("If-Match", ifMatch);
    }
    return send(request);
  }

  Answer post(String path, byte[] json) throws InterruptedException {
    return send(json(path).POST(BodyPublishers.ofByteArray(json)));
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(broker.resolve(path)).timeout(TIMEOUT);
  }

  /**
   * Sends a request and waits for its whole answer.
   *
   * @throws UnreachableException when none came
   */
  Answer send(HttpRequest.Builder request) throws InterruptedException {
    try {
      return new Answer(http.send(request.build(), BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      throw new UnreachableException(broker, e);
    }
  }

  private HttpRequest.Builder json(String path) {
    return request(path).header("Content-Type", "application/json");
  }
}
