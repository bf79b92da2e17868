package io.tidewheel.fault;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.Row;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Looks for the traces of two writers in Cassandra: rows at one number of one log. They may be
 * there, as a late write of an old owner cannot be called back; but no more than one for each time
 * a log was opened.
 */
final class JournalScan {
  private final Map<String, Set<String>> writers = new HashMap<>();
  private final Map<String, Map<Long, Integer>> rows = new HashMap<>();

  /** Reads all logs. */
  static JournalScan of(String contactPoint) {
    JournalScan scan = new JournalScan();
    URI uri = URI.create(contactPoint);
    DriverConfigLoader config =
        DriverConfigLoader.programmaticBuilder()
            .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(30))
            .withInt(DefaultDriverOption.REQUEST_PAGE_SIZE, 2_000)
            .withString(DefaultDriverOption.REQUEST_CONSISTENCY, "QUORUM")
            .build();
    try (CqlSession session =
        CqlSession.builder()
            .addContactPoint(new InetSocketAddress(uri.getHost(), uri.getPort()))
            .withLocalDatacenter("datacenter1")
            .withKeyspace("tidewheel")
            .withConfigLoader(config)
            .build()) {
      for (String table : List.of("message_log", "small_log")) {
        for (Row row :
            session.execute("SELECT persistence_id, sequence_nr, writer_uuid FROM " + table)) {
          scan.row(row.getString(0), row.getLong(1), row.getString(2));
        }
      }
    }
    return scan;
  }

  void row(String log, long number, String writer) {
    writers.computeIfAbsent(log, key -> new HashSet<>()).add(writer);
    rows.computeIfAbsent(log, key -> new HashMap<>()).merge(number, 1, Integer::sum);
  }

  /** Rows that are at a number with another one. */
  long foreignRows() {
    return rows.keySet().stream().mapToLong(this::foreignRows).sum();
  }

  /** Logs with more of them than there were changes of owner. */
  List<String> violations() {
    return rows.keySet().stream()
        .filter(log -> foreignRows(log) > writers.getOrDefault(log, Set.of()).size() - 1L)
        .map(
            log ->
                "%s has %d rows too many, of %d writers"
                    .formatted(log, foreignRows(log), writers.getOrDefault(log, Set.of()).size()))
        .sorted()
        .toList();
  }

  private long foreignRows(String log) {
    return rows.getOrDefault(log, Map.of()).values().stream().mapToLong(count -> count - 1L).sum();
  }
}
