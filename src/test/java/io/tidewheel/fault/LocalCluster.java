package io.tidewheel.fault;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.ClusterProgram;
import io.tidewheel.crash.BrokerClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Three brokers and one or three Cassandra nodes in processes of their own, by {@code bin/cluster}.
 */
final class LocalCluster implements AutoCloseable {
  static final int BROKERS = 3;

  private final ClusterProgram program;
  private final Thread stopAtEnd = new Thread(this::stop);
  private final List<String> urls = new ArrayList<>();
  private String store = "";
  private boolean isStopped;

  private LocalCluster(Path directory) {
    this.program = new ClusterProgram(directory);
  }

  /**
   * Starts it without any data and waits until it serves. What an aborted run has left in the
   * directory, processes too, goes first.
   *
   * @param options of {@code bin/cluster start}
   */
  static LocalCluster start(Path directory, List<String> options)
      throws IOException, InterruptedException {
    LocalCluster cluster = new LocalCluster(directory);
    if (Files.exists(directory)) {
      cluster.command("stop", "--delete");
    }
    Files.createDirectories(directory);
    Runtime.getRuntime().addShutdownHook(cluster.stopAtEnd);
    List<String> line = new ArrayList<>();
    line.add("start");
    line.addAll(ClusterProgram.portOptions());
    line.addAll(options);
    cluster.command(line.toArray(String[]::new));
    cluster.look();
    return cluster;
  }

  /** One that runs already, and goes on when this is closed. */
  static LocalCluster running(Path directory) throws IOException, InterruptedException {
    LocalCluster cluster = new LocalCluster(directory);
    cluster.isStopped = true;
    cluster.look();
    return cluster;
  }

  private void look() throws IOException, InterruptedException {
    String json = program.run(List.of("status", "-o", "json"));
    for (JsonNode process : BrokerClient.MAPPER.readTree(json)) {
      String url = process.path("url").asText();
      if (process.path("role").asText().equals("broker")) {
        urls.add(url);
      } else {
        store = url;
      }
    }
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

  /** Runs {@code bin/cluster}. */
  void command(String... arguments) throws IOException, InterruptedException {
    String unused = program.run(List.of(arguments));
  }

  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(stopAtEnd);
    } catch (IllegalStateException e) {
      // This process is ending, and the hook finds nothing left to stop.
    }
  }

  /** Also when this process is told to end meanwhile: the hook then waits for this. */
  private synchronized void stop() {
    if (isStopped) {
      return;
    }
    isStopped = true;
    try {
      command("stop");
    } catch (IOException e) {
      System.err.println("the cluster was not stopped: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
