package io.tidewheel;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Loads a running broker with many topics, over keep-alive connections: creates them, publishes to
 * each, consumes. Prints the time of each step.
 *
 * <p>Arguments: port, topics, messages for each, connections, then steps out of {@code create},
 * {@code subscribe}, {@code publish}, {@code batch}, {@code consume} and {@code both} (creates and
 * publishes each topic in turn).
 */
final class ManyTopicsLoad {
  private static final Pattern RECEIPT = Pattern.compile("\"receipt\":\"([^\"]+)\"");

  private final int port;
  private final int topics;
  private final int messages;
  private final int connections;

  private ManyTopicsLoad(int port, int topics, int messages, int connections) {
    this.port = port;
    this.topics = topics;
    this.messages = messages;
    this.connections = connections;
  }

  /** One step for one topic. */
  private interface Step {
    void run(Connection connection, String topic) throws IOException;
  }

  @SuppressWarnings("SystemOut") // a command, not a part of the broker
  public static void main(String[] arguments) throws Exception {
    ManyTopicsLoad load =
        new ManyTopicsLoad(
            Integer.parseInt(arguments[0]),
            Integer.parseInt(arguments[1]),
            Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]));
    for (int i = 4; i < arguments.length; i++) {
      long begin = System.nanoTime();
      load.each(load.step(arguments[i]));
      double seconds = (System.nanoTime() - begin) / 1e9;
      System.out.printf(
          "%s: %d topics in %.2f s, %.3f ms a topic%n",
          arguments[i], load.topics, seconds, seconds * 1000 / load.topics);
    }
  }

  private Step step(String name) {
    return switch (name) {
      case "create" -> this::create;
      case "subscribe" ->
          (connection, topic) -> connection.call("PUT", topic + "/subscriptions/s", "{}", 201);
      case "publish" -> this::publish;
      case "batch" -> this::publishBatch;
      case "consume" -> this::consume;
      case "both" ->
          (connection, topic) -> {
            create(connection, topic);
            publish(connection, topic);
          };
      default -> throw new IllegalArgumentException("no such step: " + name);
    };
  }

  private void create(Connection connection, String topic) throws IOException {
    connection.call("PUT", topic, "{}", 201);
  }

  private void publish(Connection connection, String topic) throws IOException {
    for (int i = 0; i < messages; i++) {
      connection.call("POST", topic + "/messages", "\"message " + i + '"', 201);
    }
  }

  private void publishBatch(Connection connection, String topic) throws IOException {
    StringBuilder batch = new StringBuilder("{\"messages\":[");
    for (int i = 0; i < messages; i++) {
      batch.append(i == 0 ? "" : ",").append("{\"body\":").append(i).append('}');
    }
    connection.call("POST", topic + "/messages:batch", batch.append("]}").toString(), 200);
  }

  private void consume(Connection connection, String topic) throws IOException {
    int left = messages;
    while (left > 0) {
      String pulled =
          connection.call(
              "POST",
              topic + "/subscriptions/s/messages:pull",
              "{\"max\":100,\"wait\":\"20s\"}",
              200);
      List<String> receipts = new ArrayList<>();
      Matcher matcher = RECEIPT.matcher(pulled);
      while (matcher.find()) {
        receipts.add('"' + matcher.group(1) + '"');
      }
      if (receipts.isEmpty()) {
        throw new IllegalStateException("nothing came from " + topic);
      }
      connection.call(
          "POST",
          topic + "/subscriptions/s/messages:ack",
          "{\"receipts\":[" + String.join(",", receipts) + "]}",
          200);
      left -= receipts.size();
    }
  }

  private void each(Step step) throws Exception {
    AtomicInteger next = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Thread thread =
          new Thread(
              () -> {
                try (Connection connection = new Connection(port)) {
                  for (int topic = next.getAndIncrement();
                      topic < topics;
                      topic = next.getAndIncrement()) {
                    step.run(
                        connection, "/v1/topics/" + System.getProperty("prefix", "many-") + topic);
                  }
                } catch (IOException | RuntimeException e) {
                  synchronized (failures) {
                    failures.add(e);
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw new IllegalStateException(failures.size() + " connections failed", failures.get(0));
    }
  }

  /** One keep-alive connection. */
  private static final class Connection implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    Connection(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
    }

    String call(String method, String path, String json, int status) throws IOException {
      byte[] body = json.getBytes(StandardCharsets.UTF_8);
      String head =
          method
              + ' '
              + path
              + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
              + "Content-Length: "
              + body.length
              + "\r\n\r\n";
      byte[] headBytes = head.getBytes(StandardCharsets.US_ASCII);
      byte[] all = new byte[headBytes.length + body.length];
      System.arraycopy(headBytes, 0, all, 0, headBytes.length);
      System.arraycopy(body, 0, all, headBytes.length, body.length);
      out.write(all);
      int answered = Integer.parseInt(line().split(" ", 3)[1]);
      int length = 0;
      for (String header = line(); !header.isEmpty(); header = line()) {
        if (header.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(header.substring(15).trim());
        }
      }
      String answer = new String(in.readNBytes(length), StandardCharsets.UTF_8);
      if (answered != status) {
        throw new IllegalStateException(method + ' ' + path + ": " + answered + ' ' + answer);
      }
      return answer;
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int next = in.read(); next != '\n'; next = in.read()) {
        if (next < 0) {
          throw new EOFException("the broker closed the connection");
        }
        if (next != '\r') {
          line.append((char) next);
        }
      }
      return line.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
