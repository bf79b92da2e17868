package io.tidewheel.journal.cassandra;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tidewheel.config.CassandraSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The statements of {@code schema.cql}, for the keyspace and data center of a node. */
final class Schema {
  static final String FILE = "conf/cassandra/schema.cql";
  private static final Pattern TABLE = Pattern.compile("CREATE TABLE IF NOT EXISTS \\w+\\.(\\w+)");

  private Schema() {}

  /** In the order in which they are to be run. */
  static List<String> statements(CassandraSettings settings) {
    String copies = "'%s': %d".formatted(settings.localDatacenter(), settings.replicationFactor());
    return Arrays.stream(text().split(";"))
        .map(String::strip)
        .filter(statement -> !statement.isEmpty())
        .map(statement -> statement.replaceAll("\\btidewheel\\b", settings.keyspace()))
        .map(statement -> statement.replace("'datacenter1': 3", copies))
        .toList();
  }

  /** The names of all tables, without the keyspace. */
  static List<String> tables() {
    return TABLE.matcher(text()).results().map(found -> found.group(1)).toList();
  }

  private static String text() {
    try (InputStream file =
        Objects.requireNonNull(Schema.class.getResourceAsStream("schema.cql"), FILE)) {
      return new String(file.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("--"))
          .collect(Collectors.joining("\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
