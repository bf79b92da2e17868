package io.tidewheel;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.time.Duration;
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

  private final ClusterProgram program;
  private final int port;

  private RealCassandra(ClusterProgram program) throws IOException {
    this.program = program;
    List<String> ports = ClusterProgram.portOptions();
    this.port = Integer.parseInt(ports.get(ports.indexOf("--cassandra-port") + 1));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> cluster("stop", "--delete")));
    List<String> start = new ArrayList<>(List.of("start", "--brokers", "0"));
    start.addAll(ports);
    cluster(start.toArray(String[]::new));
  }

  /** The one that runs; the first call waits until it does. */
  public static synchronized RealCassandra get() {
    if (running == null) {
      try {
        running = new RealCassandra(new ClusterProgram(Files.createTempDirectory("cassandra")));
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

  /**
   * Beside the broker's.
   *
   * @param keyspace null for none
   */
  public CqlSession session(String keyspace) {
    // To make and drop tables takes long on a machine that does other things.
    DriverConfigLoader patience =
        DriverConfigLoader.programmaticBuilder()
            .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(30))
            .build();
    return CqlSession.builder()
        .withConfigLoader(patience)
        .addContactPoint(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .withLocalDatacenter("datacenter1")
        .withKeyspace(keyspace)
        .build();
  }

  private void cluster(String... arguments) {
    try {
      program.run(List.of(arguments));
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
