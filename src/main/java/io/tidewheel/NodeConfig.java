package io.tidewheel;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.cluster.ClusterConfig;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.journal.cassandra.CassandraConfig;
import java.util.HashMap;
import java.util.Map;

/** The configuration of a node's actor system: what the user set, and what follows from it. */
final class NodeConfig {
  private NodeConfig() {}

  static Config of(Config user, TidewheelSettings settings) {
    Map<String, Object> derived = new HashMap<>();
    if (settings.store() != TidewheelSettings.Store.EMBEDDED) {
      derived.putAll(ClusterConfig.of(settings.cluster()));
    }
    derived.put(
        "tidewheel.journal.embedded.directory",
        settings.node().dataDirectory().toAbsolutePath().toString());
    Config config =
        ConfigFactory.parseMap(derived, "derived from the settings below tidewheel")
            .withFallback(user);
    return switch (settings.store()) {
      case EMBEDDED -> config;
      case CASSANDRA -> CassandraConfig.of(config, settings.cassandra());
    };
  }
}
