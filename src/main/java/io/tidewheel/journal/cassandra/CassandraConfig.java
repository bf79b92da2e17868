package io.tidewheel.journal.cassandra;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.config.CassandraSettings;
import io.tidewheel.journal.LogPlugins;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The configuration of the driver and of Akka's plugins that follows from a node's settings. */
public final class CassandraConfig {
  static final String ROOT = "tidewheel-cassandra";
  static final String DRIVER = ROOT + ".driver";

  private static final List<String> PROFILES = List.of("message-log", "small-log", "snapshots");
  private static final String DEFAULT_LOGS = "small";

  private CassandraConfig() {}

  /** The plugins of one of the families of logs that {@code tidewheel-cassandra.conf} names. */
  static LogPlugins plugins(String logs) {
    return new LogPlugins(ROOT + '.' + logs + ".journal", ROOT + '.' + logs + ".snapshot");
  }

  /**
   * A node's whole configuration with what Cassandra needs.
   *
   * @param base resolved, with the defaults of the libraries
   */
  public static Config of(Config base, CassandraSettings settings) {
    Map<String, Object> derived = new HashMap<>();
    driver(settings).forEach((key, value) -> derived.put(DRIVER + '.' + key, value));
    for (String logs : List.of("messages", "small")) {
      derived.put(ROOT + '.' + logs + ".journal.keyspace", settings.keyspace());
      derived.put(ROOT + '.' + logs + ".snapshot.keyspace", settings.keyspace());
    }
    // For whatever asks for the default; cores name their plugins.
    LogPlugins plugins = plugins(DEFAULT_LOGS);
    derived.put("akka.persistence.journal.plugin", plugins.journal());
    derived.put("akka.persistence.snapshot-store.plugin", plugins.snapshots());
    Config program = ConfigFactory.parseResources("tidewheel-cassandra.conf");
    return ConfigFactory.parseMap(derived, "derived from tidewheel.cassandra")
        .withFallback(base.withFallback(program).resolve());
  }

  private static Map<String, Object> driver(CassandraSettings settings) {
    Map<String, Object> values = new HashMap<>();
    values.put("basic.contact-points", settings.contactPoints());
    values.put("basic.load-balancing-policy.local-datacenter", settings.localDatacenter());
    values.put("basic.request.timeout", settings.requestTimeout());
    values.put("basic.session-name", "tidewheel");
    // Where nodes are is all that is needed of the other keyspaces.
    values.put("advanced.metadata.schema.refreshed-keyspaces", List.of(settings.keyspace()));
    String consistency = settings.consistency().name();
    values.put("basic.request.consistency", consistency);
    values.put(
        "basic.request.serial-consistency",
        settings.consistency() == CassandraSettings.Consistency.QUORUM ? "SERIAL" : "LOCAL_SERIAL");
    for (String profile : PROFILES) {
      values.put("profiles." + profile + ".basic.request.consistency", consistency);
    }
    if (!settings.username().isEmpty()) {
      values.put("advanced.auth-provider.class", "PlainTextAuthProvider");
      values.put("advanced.auth-provider.username", settings.username());
      values.put("advanced.auth-provider.password", settings.password());
    }
    return values;
  }
}
