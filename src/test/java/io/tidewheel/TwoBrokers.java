package io.tidewheel;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A cluster of two brokers in this process, on a real Cassandra. */
record TwoBrokers(NodeFixture first, NodeFixture second) implements AutoCloseable {

  /** Two that are ready. */
  static TwoBrokers start(Path temp) throws IOException {
    String keyspace = RealCassandra.newKeyspace();
    List<Integer> ports = FreePorts.some(2);
    CompletableFuture<NodeFixture> other =
        CompletableFuture.supplyAsync(
            () -> NodeFixture.start(temp.resolve("second"), settings(keyspace, ports, 1)));
    NodeFixture first = NodeFixture.start(temp.resolve("first"), settings(keyspace, ports, 0));
    NodeFixture second = other.join();
    NodeFixture.await(() -> first.isReady() && second.isReady());
    return new TwoBrokers(first, second);
  }

  @Override
  public void close() {
    second.stop();
    first.stopAlone();
  }

  private static Map<String, Object> settings(String keyspace, List<Integer> ports, int index) {
    Map<String, Object> settings = new HashMap<>(RealCassandra.get().settings(keyspace));
    settings.put("tidewheel.cluster.brokers", ports.size());
    settings.put("tidewheel.cluster.port", ports.get(index));
    settings.put(
        "tidewheel.cluster.seed-nodes", ports.stream().map(port -> "127.0.0.1:" + port).toList());
    return settings;
  }
}
