package io.tidewheel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One Cassandra for all tests of this JVM, in a process of its own, started by {@code bin/cluster}
 * at the first use and stopped at the end. Tests keep apart by keyspaces.
 */
public final class RealCassandra {
  private static final AtomicInteger KEYSPACES = new AtomicInteger();
  private static RealCassandra running;

  private final Path directory;
  private final int port;

  private RealCassandra(Path directory, int port) {
    this.directory = directory;
    this.port = port;
  }

  /** The one that runs; the first call waits until it does. */
  public static synchronized RealCassandra get() {
    if (running == null) {
      try {
        RealCassandra made = new RealCassandra(Files.createTempDirectory("cassandra"), freePorts());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> made.cluster("stop", "--delete")));
        made.cluster(
            "start",
            "--brokers",
            "0",
            "--cassandra-port",
            String.valueOf(made.port),
            "--storage-port",
            String.valueOf(made.port + 1));
        running = made;
      } catch (IOException e) {
        throw new AssertionError("Cassandra did not start", e);
      }
    }
    return running;
  }

  /** A keyspace that no test has used. */
  public static String newKeyspace() {
    return "ks_" + KEYSPACES.incrementAndGet();
  }

  /** Settings of a node that uses it, by their whole path. */
  public Map<String, Object> settings(String keyspace) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("tidewheel.store", "cassandra");
    settings.put("tidewheel.cassandra.contact-points", List.of(contactPoint()));
    settings.put("tidewheel.cassandra.keyspace", keyspace);
    settings.put("tidewheel.cassandra.replication-factor", 1);
    settings.put("tidewheel.cassandra.auto-create", true);
    return settings;
  }

  /** Where it listens, as host:port. */
  public String contactPoint() {
    return "127.0.0.1:" + port;
  }

  /** Ends it at once, as a loss of power would. */
  public void kill() {
    cluster("kill", "cassandra-1");
  }

  /** Starts it again, and waits until it takes clients. */
  public void restart() {
    cluster("restart", "cassandra-1");
  }

  /** Lets it stand still. */
  public void pause() {
    cluster("pause", "cassandra-1");
  }

  /** Lets it go on. */
  public void resume() {
    cluster("resume", "cassandra-1");
  }

  private void cluster(String command, String... arguments) {
    List<String> line = new ArrayList<>(List.of("bin/cluster", command));
    line.addAll(List.of(arguments));
    line.addAll(List.of("--dir", directory.toString()));
    try {
      Path output = Files.createTempFile("cluster", ".log");
      Process process =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (process.waitFor() != 0) {
        throw new AssertionError(line + ": " + Files.readString(output));
      }
      Files.delete(output);
    } catch (IOException e) {
      throw new AssertionError(line + " failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** The first of three in a row that nobody uses. */
  private static int freePorts() throws IOException {
    for (int tries = 0; tries < 100; tries++) {
      int port = portOf(0);
      try {
        if (port < 65_000 && portOf(port + 1) > 0 && portOf(port + 2) > 0) {
          return port;
        }
      } catch (IOException e) {
        // One of them is taken: others are tried.
      }
    }
    throw new IOException("no three ports in a row are free");
  }

  private static int portOf(int wanted) throws IOException {
    try (ServerSocket socket = new ServerSocket(wanted, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
