package io.tidewheel.config;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.List;

/**
 * Where the Cassandra is that keeps the messages, and what it must be like; {@code
 * tidewheel.cassandra}.
 *
 * @param contactPoints as {@code host:port}; asked first
 * @param localDatacenter that requests go to
 * @param keyspace of all tables; letters, digits and underscores
 * @param replicationFactor copies of each row, which the keyspace must have
 * @param consistency of every read and write
 * @param username empty if no password is asked for
 * @param isAutoCreated whether keyspace and tables are made where they are missing
 * @param isPeriodicCommitLogAccepted whether a Cassandra may answer writes before they are flushed
 * @param requestTimeout after which a request has failed
 */
public record CassandraSettings(
    List<String> contactPoints,
    String localDatacenter,
    String keyspace,
    int replicationFactor,
    Consistency consistency,
    String username,
    String password,
    boolean isAutoCreated,
    boolean isPeriodicCommitLogAccepted,
    Duration requestTimeout) {

  /** How many copies must have answered. */
  public enum Consistency {
    /** A majority of all. */
    QUORUM,
    /** A majority of those in the local data center. */
    LOCAL_QUORUM
  }

  /**
   * Reads them from a whole configuration.
   *
   * @throws ConfigurationException naming the key, the value and what was expected
   */
  public static CassandraSettings from(Config config) {
    return read(SettingsReader.of(config, TidewheelSettings.ROOT + ".cassandra"));
  }

  static CassandraSettings read(SettingsReader reader) {
    List<String> points = reader.addresses("contact-points");
    if (points.isEmpty()) {
      throw reader.wrong(
          "contact-points", "a list of at least one host:port, such as [\"10.0.0.1:9042\"]");
    }
    String keyspace = reader.text("keyspace");
    if (!keyspace.matches("[a-z][a-z0-9_]{0,31}")) {
      throw reader.wrong(
          "keyspace",
          "at most 32 lower case letters, digits and underscores, beginning with a letter");
    }
    String username = reader.optionalText("username");
    String password = reader.optionalText("password");
    if (username.isEmpty() != password.isEmpty()) {
      throw reader.wrong("username", "a name and a password, or both empty");
    }
    return new CassandraSettings(
        points,
        reader.text("local-datacenter"),
        keyspace,
        reader.integer("replication-factor", 1, 9),
        reader.choice("consistency", Consistency.class),
        username,
        password,
        reader.flag("auto-create"),
        reader.flag("accept-periodic-commitlog"),
        reader.duration("request-timeout", Duration.ofMillis(500), Duration.ofSeconds(7)));
  }

  /** Without the password: records find their way into logs. */
  @Override
  public String toString() {
    return "CassandraSettings" + contactPoints + '/' + keyspace;
  }
}
