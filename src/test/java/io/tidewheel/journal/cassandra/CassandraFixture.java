package io.tidewheel.journal.cassandra;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.RealCassandra;
import io.tidewheel.config.CassandraSettings;
import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.journal.PluginSystem;
import java.util.HashMap;
import java.util.Map;

/** Stores in the Cassandra of the tests. */
public final class CassandraFixture {
  private CassandraFixture() {}

  /** The configuration of a system with its logs in a keyspace; further settings by whole path. */
  public static Config config(String keyspace, Map<String, ?> more) {
    Map<String, Object> settings = new HashMap<>(RealCassandra.get().settings(keyspace));
    settings.putAll(more);
    Config base =
        ConfigFactory.parseMap(settings)
            .withFallback(ConfigFactory.parseResources("journal-test.conf"))
            .withFallback(ConfigurationFile.load(null, Map.of()));
    return CassandraConfig.of(base.resolve(), CassandraSettings.from(base.resolve()));
  }

  /**
   * A system with its logs in a keyspace.
   *
   * @param logs messages or small: the plugins that are the default
   */
  public static PluginSystem open(String keyspace, String logs) {
    Config plugins =
        ConfigFactory.parseString(
            """
            akka.persistence.journal.plugin = tidewheel-cassandra.%s.journal
            akka.persistence.snapshot-store.plugin = tidewheel-cassandra.%s.snapshot
            """
                .formatted(logs, logs));
    return new PluginSystem(plugins.withFallback(config(keyspace, Map.of())));
  }
}
