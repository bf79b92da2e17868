package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two brokers at addresses of their own that know each other by a name alone. */
@Timeout(120)
class DnsDiscoveryIT {
  private static final List<String> HOSTS = List.of("127.0.0.2", "127.0.0.3");

  @Test
  void brokersBehindOneNameFormACluster(@TempDir Path temp) throws IOException {
    List<InetAddress> addresses = new ArrayList<>();
    for (String host : HOSTS) {
      addresses.add(InetAddress.getByName(host));
    }
    Map<String, Object> common =
        new HashMap<>(RealCassandra.get().settings(RealCassandra.newKeyspace()));
    try (NameServer names = new NameServer(addresses)) {
      common.put("akka.io.dns.async-dns.nameservers", List.of(names.address()));
      common.put("tidewheel.cluster.brokers", HOSTS.size());
      common.put("tidewheel.cluster.port", 0);
      common.put("tidewheel.cluster.discovery", "dns");
      common.put("tidewheel.cluster.discovery-name", "brokers.example.com");
      common.put("tidewheel.cluster.discovery-port", FreePorts.some(1).get(0));
      List<CompletableFuture<NodeFixture>> starting = new ArrayList<>();
      for (String host : HOSTS) {
        Map<String, Object> settings = new HashMap<>(common);
        settings.put("tidewheel.cluster.host", host);
        Path directory = temp.resolve(host);
        starting.add(CompletableFuture.supplyAsync(() -> NodeFixture.start(directory, settings)));
      }
      NodeFixture first = starting.get(0).join();
      NodeFixture second = starting.get(1).join();
      NodeFixture.await(() -> first.isReady() && second.isReady());
      assertThat(first.get("/v1/cluster").body().get("members")).hasSize(2);
      assertThat(second.publish("orders", "m", Map.of()).status()).isEqualTo(201);
      second.stop();
      first.stopAlone();
    }
  }
}
