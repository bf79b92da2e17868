package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.crash.BrokerClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Three brokers and a Cassandra in processes of their own, by {@code bin/cluster}. */
final class LocalCluster implements AutoCloseable {
  static final int BROKERS = 3;

  private final Path directory;
  private final Path log;
  private final Thread stopAtEnd = new Thread(this::stop);
  private final List<String> urls = new ArrayList<>();
  private String store = "";

  private LocalCluster(Path directory) {
    this.directory = directory;
    this.log = directory.resolveSibling("cluster.out");
  }

  /**
   * Starts it and waits until it serves.
   *
   * @param hasNetworks whether each broker gets a network of its own, for which one must be root
   * @param config settings of the brokers beside the usual ones
   */
  static LocalCluster start(Path directory, boolean hasNetworks, @Nullable Path config)
      throws IOException, InterruptedException {
    LocalCluster cluster = new LocalCluster(directory);
    Files.createDirectories(directory);
    Runtime.getRuntime().addShutdownHook(cluster.stopAtEnd);
    int port = freePorts();
    List<String> line = new ArrayList<>();
    line.addAll(
        List.of(
            "start",
            "--port",
            Integer.toString(port),
            "--cassandra-port",
            Integer.toString(port + 10),
            "--storage-port",
            Integer.toString(port + 11)));
    if (config != null) {
      line.addAll(List.of("--config", config.toString()));
    }
    if (hasNetworks) {
      line.add("--netns");
    }
    cluster.command(line.toArray(String[]::new));
    String json = cluster.command("status", "-o", "json");
    for (JsonNode process : BrokerClient.MAPPER.readTree(json)) {
      String url = process.path("url").asText();
      if (process.path("role").asText().equals("broker")) {
        cluster.urls.add(url);
      } else {
        cluster.store = url;
      }
    }
    return cluster;
  }

  /** Where the brokers answer, the first one first. */
  List<String> urls() {
    return List.copyOf(urls);
  }

  /** Where the store takes clients. */
  String store() {
    return store;
  }

  /** What other brokers call it. */
  String nodeOf(int broker) {
    URI url = URI.create(urls.get(broker - 1));
    return url.getHost() + ':' + (url.getPort() + 1_000);
  }

  /**
   * Runs {@code bin/cluster}.
   *
   * @return what it printed
   */
  String command(String... arguments) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add("bin/cluster");
    line.addAll(List.of(arguments));
    line.addAll(List.of("--dir", directory.toString()));
    Path output = Files.createTempFile("cluster", ".out");
    try {
      // Not a pipe: what it starts would keep it open.
      Process process =
          new ProcessBuilder(line)
              .redirectOutput(output.toFile())
              .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      int exitCode = process.waitFor();
      String text = Files.readString(output);
      if (exitCode != 0) {
        throw new IOException(
            line + " ended with " + exitCode + ": " + text + Files.readString(log));
      }
      return text;
    } finally {
      Files.delete(output);
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(stopAtEnd);
    } catch (IllegalStateException e) {
      // This process is ending, and the hook stops it.
      return;
    }
    stop();
  }

  private void stop() {
    try {
      command("stop");
    } catch (IOException e) {
      System.err.println("fault-test: the cluster was not stopped: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The first of some in a row that nobody uses; a thousand above those of brokers as well. */
  private static int freePorts() throws IOException {
    SplittableRandom random = new SplittableRandom();
    for (int tries = 0; tries < 100; tries++) {
      int port = 12_000 + random.nextInt(1_900) * 10;
      boolean isFree = true;
      for (int offset : new int[] {0, 1, 2, 10, 11, 12, 1_000, 1_001, 1_002}) {
        try (ServerSocket socket = new ServerSocket()) {
          socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port + offset));
        } catch (IOException e) {
          isFree = false;
          break;
        }
      }
      if (isFree) {
        return port;
      }
    }
    throw new IOException("no ports are free");
  }
}
