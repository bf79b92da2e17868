package io.tidewheel.journal.cassandra;

import akka.actor.ExtendedActorSystem;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.typesafe.config.Config;
import io.tidewheel.journal.BrokenChainException;
import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.SettledRows;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Reads rows back from the plugin's table, page by page, and settles by the chain rule which of two
 * rows at one number is valid.
 *
 * <p>Rows are in partitions of a fixed number of sequence numbers, and each partition is asked for
 * by itself. Before the first read of a log its metadata says where it begins now: nothing before
 * that is asked for, so that what was deleted is never scanned.
 */
final class CassandraRowReader implements RowReader {
  /** Logs of which it is remembered where they begin. */
  private static final int MAX_STARTS = 50_000;

  private final CompletionStage<CqlSession> session;
  private final Serialization serialization;
  private final Executor executor;
  private final Table table;

  /** The last trimmed row of logs. */
  private final Map<String, Long> starts =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_STARTS;
        }
      };

  private volatile @Nullable Statements prepared;

  /**
   * Where the rows are.
   *
   * @param name of the table with its keyspace
   * @param metadata name of the table that says up to where rows are deleted
   * @param partitionRows sequence numbers in a partition
   * @param profile of the driver, for consistency
   * @param pageRows most rows in one answer
   * @param rowBytes about the size of a row, to ask for no more than is wanted
   */
  private record Table(
      String name,
      String metadata,
      long partitionRows,
      String profile,
      int pageRows,
      int rowBytes) {}

  private record Statements(
      CqlSession session, PreparedStatement rows, PreparedStatement trimmed) {}

  private CassandraRowReader(
      ExtendedActorSystem system, CompletionStage<CqlSession> session, Table table) {
    this.session = session;
    this.serialization = SerializationExtension.get(system);
    this.executor = system.dispatcher();
    this.table = table;
  }

  /** A reader of one of the families of logs, with the settings of its plugin. */
  static CassandraRowReader of(
      ExtendedActorSystem system, CompletionStage<CqlSession> session, String logs) {
    Config all = system.settings().config();
    Config plugin = all.getConfig(CassandraConfig.ROOT + '.' + logs);
    Config journal = plugin.getConfig("journal");
    String profile = plugin.getString("read-profile");
    int pageRows =
        all.getInt(CassandraConfig.DRIVER + ".profiles." + profile + ".basic.request.page-size");
    String keyspace = journal.getString("keyspace") + '.';
    return new CassandraRowReader(
        system,
        session,
        new Table(
            keyspace + journal.getString("table"),
            keyspace + journal.getString("metadata-table"),
            journal.getLong("target-partition-size"),
            profile,
            pageRows,
            (1 << 20) / pageRows));
  }

  @Override
  public CompletionStage<List<Row>> read(
      String persistenceId, long fromSeqNr, long toSeqNr, long maxBytes) {
    long from = Math.max(1, fromSeqNr);
    if (from > toSeqNr) {
      return CompletableFuture.completedFuture(List.of());
    }
    return statements()
        .thenCompose(
            statements -> {
              Read read = new Read(statements, persistenceId, from, toSeqNr, maxBytes);
              Long known = knownStart(persistenceId);
              return known == null ? read.startOver() : read.startAt(known);
            });
  }

  private synchronized @Nullable Long knownStart(String persistenceId) {
    return starts.get(persistenceId);
  }

  private synchronized void remember(String persistenceId, long trimmedSeqNr) {
    starts.put(persistenceId, trimmedSeqNr);
  }

  private CompletionStage<Statements> statements() {
    Statements known = prepared;
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    return session.thenCompose(
        connected ->
            connected
                .prepareAsync(
                    "SELECT sequence_nr, ser_id, ser_manifest, event FROM "
                        + table.name
                        + " WHERE persistence_id = ? AND partition_nr = ?"
                        + " AND sequence_nr >= ? AND sequence_nr <= ?")
                .thenCombine(
                    connected.prepareAsync(
                        "SELECT deleted_to FROM " + table.metadata + " WHERE persistence_id = ?"),
                    (rows, trims) -> {
                      Statements made = new Statements(connected, rows, trims);
                      prepared = made;
                      return made;
                    }));
  }

  /** One read on its way; its stages run one after the other. */
  private final class Read {
    private final Statements statements;
    private final String persistenceId;
    private final long toSeqNr;
    private final long maxBytes;
    private final SettledRows settled = new SettledRows();
    private long fromSeqNr;
    private long lastSeqNr;
    private boolean isStartFresh;

    Read(Statements statements, String persistenceId, long fromSeqNr, long toSeqNr, long maxBytes) {
      this.statements = statements;
      this.persistenceId = persistenceId;
      this.fromSeqNr = fromSeqNr;
      this.toSeqNr = toSeqNr;
      this.maxBytes = maxBytes;
    }

    /** Asks where the log begins now, and reads from there. */
    CompletionStage<List<Row>> startOver() {
      isStartFresh = true;
      return statements
          .session
          .executeAsync(
              statements.trimmed.bind(persistenceId).setExecutionProfileName(table.profile))
          .thenComposeAsync(
              found -> {
                com.datastax.oss.driver.api.core.cql.Row row = found.one();
                long trimmedSeqNr = row == null ? 0 : row.getLong("deleted_to");
                remember(persistenceId, trimmedSeqNr);
                return startAt(trimmedSeqNr);
              },
              executor);
    }

    CompletionStage<List<Row>> startAt(long trimmedSeqNr) {
      fromSeqNr = Math.max(fromSeqNr, trimmedSeqNr + 1);
      lastSeqNr = fromSeqNr - 1;
      return fromSeqNr > toSeqNr
          ? CompletableFuture.completedFuture(List.of())
          : query(fromSeqNr, toSeqNr);
    }

    /** Asks the partition of {@code from}. */
    private CompletionStage<List<Row>> query(long from, long upTo) {
      long partition = (from - 1) / table.partitionRows;
      return statements
          .session
          .executeAsync(
              statements
                  .rows
                  .bind(persistenceId, partition, from, upTo)
                  .setExecutionProfileName(table.profile)
                  .setPageSize(pageRows()))
          .thenComposeAsync(page -> onPage(page, partition, upTo), executor);
    }

    /** One more than fit, as the next row shows that there is no second one at a number. */
    private int pageRows() {
      return (int) Math.min(table.pageRows, 2 + Math.max(0, maxBytes) / table.rowBytes);
    }

    private CompletionStage<List<Row>> onPage(AsyncResultSet page, long partition, long upTo) {
      for (com.datastax.oss.driver.api.core.cql.Row row : page.currentPage()) {
        long seqNr = row.getLong("sequence_nr");
        if (seqNr > lastSeqNr + 1) {
          return onGap(seqNr);
        }
        settled.add(decode(row, seqNr));
        lastSeqNr = seqNr;
        if (isFull()) {
          return done();
        }
      }
      if (page.hasMorePages()) {
        return page.fetchNextPage()
            .thenComposeAsync(next -> onPage(next, partition, upTo), executor);
      }
      return onExhausted(partition, upTo);
    }

    private CompletionStage<List<Row>> onGap(long seqNr) {
      if (lastSeqNr < fromSeqNr && !isStartFresh) {
        return startOver();
      }
      throw new BrokenChainException(
          "row " + (lastSeqNr + 1) + " of " + persistenceId + " is missing before row " + seqNr);
    }

    private CompletionStage<List<Row>> onExhausted(long partition, long upTo) {
      boolean isNothing = lastSeqNr < fromSeqNr;
      if (isNothing && !isStartFresh) {
        return startOver();
      }
      if (lastSeqNr >= upTo && settled.isInDoubt()) {
        return query(lastSeqNr + 1, Long.MAX_VALUE);
      }
      boolean isPartitionDone = lastSeqNr == (partition + 1) * table.partitionRows;
      if (lastSeqNr < upTo && isPartitionDone) {
        return query(lastSeqNr + 1, upTo);
      }
      settled.end();
      return done();
    }

    private boolean isFull() {
      List<Row> rows = settled.rows();
      return !rows.isEmpty()
          && (settled.bytes() >= maxBytes || rows.get(rows.size() - 1).seqNr() >= toSeqNr);
    }

    /** Rows behind the range were read only to settle those in it, or came with them. */
    private CompletionStage<List<Row>> done() {
      return CompletableFuture.completedFuture(
          settled.rows().stream().filter(row -> row.seqNr() <= toSeqNr).toList());
    }

    private Row decode(com.datastax.oss.driver.api.core.cql.Row row, long seqNr) {
      ByteBuffer stored = Objects.requireNonNull(row.getByteBuffer("event"), "event");
      byte[] bytes = new byte[stored.remaining()];
      stored.get(bytes);
      String manifest = Objects.requireNonNull(row.getString("ser_manifest"), "ser_manifest");
      Object event = serialization.deserialize(bytes, row.getInt("ser_id"), manifest).get();
      return new Row(seqNr, event, bytes.length + manifest.length());
    }
  }
}
