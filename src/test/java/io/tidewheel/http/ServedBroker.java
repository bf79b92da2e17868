package io.tidewheel.http;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.config.TidewheelSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server over loopback with a broker in memory behind it, and ways to talk to it. */
final class ServedBroker implements AutoCloseable {
  static final ObjectMapper MAPPER = new ObjectMapper();

  final MemoryBroker memory = new MemoryBroker();
  final HttpServer server;
  private final ActorTestKit kit = ActorTestKit.create();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  ServedBroker() {
    this(true, Map.of());
  }

  /**
   * A server.
   *
   * @param changed settings below {@code tidewheel.http}
   */
  ServedBroker(boolean isAutoCreate, Map<String, Object> changed) {
    try {
      server =
          HttpServer.bind(kit.system(), settings(changed), 0, isAutoCreate, memory.broker())
              .toCompletableFuture()
              .get(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Settings as a node reads them, on any free port. */
  static TidewheelSettings.Http settings(Map<String, Object> changed) {
    Map<String, Object> values = new HashMap<>();
    values.put("tidewheel.http.port", 0);
    changed.forEach((key, value) -> values.put("tidewheel.http." + key, value));
    return TidewheelSettings.from(ConfigurationFile.load(null, values)).http();
  }

  int port() {
    return server.address().getPort();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
        .timeout(Duration.ofSeconds(30));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  HttpResponse<byte[]> sendForBytes(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  HttpResponse<String> get(String path) throws Exception {
    return send(request(path));
  }

  HttpResponse<String> post(String path, String json) throws Exception {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json)));
  }

  HttpResponse<String> put(String path, String json) throws Exception {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .PUT(HttpRequest.BodyPublishers.ofString(json)));
  }

  HttpResponse<String> delete(String path) throws Exception {
    return send(request(path).DELETE());
  }

  static JsonNode json(HttpResponse<String> response) throws IOException {
    return MAPPER.readTree(response.body());
  }

  /**
   * Sends bytes as they are and reads until the server closes or is silent for a second; before its
   * first byte it may take its time.
   */
  String raw(String bytes) throws IOException {
    return raw(bytes, false);
  }

  /**
   * As {@link #raw}, of what may be no whole request: after a second without an answer the server
   * is told that no more will come.
   */
  String rawToTheEnd(String bytes) throws IOException {
    return raw(bytes, true);
  }

  private String raw(String bytes, boolean endsSilence) throws IOException {
    try (Socket socket = new Socket(java.net.InetAddress.getLoopbackAddress(), port())) {
      socket.setSoTimeout(endsSilence ? 1_000 : 5_000);
      try {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
      } catch (IOException e) {
        // The server may have answered and closed before it read everything.
      }
      PushbackInputStream in = new PushbackInputStream(socket.getInputStream());
      int first = firstByte(in);
      if (first < 0 && endsSilence) {
        first = firstByteAfterTheEnd(socket, in);
      }
      if (first < 0) {
        return "";
      }
      in.unread(first);
      socket.setSoTimeout(1_000);
      return read(in);
    }
  }

  private static int firstByte(InputStream in) {
    try {
      return in.read();
    } catch (IOException e) {
      // Silent to the end, or reset: there is no answer.
      return -1;
    }
  }

  private static int firstByteAfterTheEnd(Socket socket, InputStream in) throws IOException {
    socket.setSoTimeout(5_000);
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      // It has hung up before.
    }
    return firstByte(in);
  }

  static String read(InputStream in) throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    try {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        read.write(buffer, 0, n);
      }
    } catch (SocketTimeoutException e) {
      // Silent: what came is the answer.
    } catch (IOException e) {
      // Reset: what came before is the answer.
    }
    return read.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    server.stop(Duration.ofSeconds(1)).toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
    kit.shutdownTestKit();
  }
}
