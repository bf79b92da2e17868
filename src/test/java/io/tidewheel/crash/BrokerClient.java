package io.tidewheel.crash;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Plain HTTP, as any client would use it. */
public final class BrokerClient {
  public static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private final String url;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();

  BrokerClient(int port) {
    this("http://127.0.0.1:" + port);
  }

  /** Talks to one broker, whose address this is, without a slash at the end. */
  public BrokerClient(String url) {
    this.url = url;
  }

  /** Status and body of an answer. */
  public record Reply(int status, JsonNode body) {
    /**
     * Does nothing.
     *
     * @throws IOException if the status is another
     */
    public void expect(int wanted) throws IOException {
      if (status != wanted) {
        throw new IOException("expected " + wanted + " but got " + this);
      }
    }
  }

  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(TIMEOUT);
  }

  public Reply get(String path) throws IOException, InterruptedException {
    return send(request(path).GET());
  }

  public Reply put(String path, String json) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(json)));
  }

  public Reply post(String path, JsonNode json) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(MAPPER.writeValueAsBytes(json))));
  }

  public Reply send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return read(http.send(request.build(), BodyHandlers.ofByteArray()));
  }

  /** As {@link #send}, without waiting for the answer. */
  public CompletableFuture<Reply> sendAsync(HttpRequest.Builder request) {
    return http.sendAsync(request.build(), BodyHandlers.ofByteArray())
        .thenApply(
            response -> {
              try {
                return read(response);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static Reply read(HttpResponse<byte[]> response) throws IOException {
    boolean isJson = response.headers().firstValue("Content-Type").orElse("").contains("json");
    JsonNode body = isJson ? MAPPER.readTree(response.body()) : MissingNode.getInstance();
    return new Reply(response.statusCode(), body);
  }
}
