package io.tidewheel.journal.cassandra;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.metadata.NodeState;
import com.datastax.oss.driver.api.core.servererrors.UnauthorizedException;
import io.tidewheel.config.CassandraSettings;
import io.tidewheel.journal.StoreSetupException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares what is in Cassandra with what the settings promise: data center, copies, tables, and
 * whether a write is on disk when it is answered. Makes keyspace and tables first if it may.
 */
final class SetupCheck {
  /** Tables are made on disk, which takes longer than a write. */
  private static final Duration SCHEMA_TIMEOUT = Duration.ofSeconds(30);

  private final CqlSession session;
  private final CassandraSettings settings;

  SetupCheck(CqlSession session, CassandraSettings settings) {
    this.session = session;
    this.settings = settings;
  }

  /** Fails with a {@link StoreSetupException} for what does not fit; else with a trouble now. */
  CompletionStage<Void> run() {
    try {
      checkDatacenter();
    } catch (StoreSetupException e) {
      return CompletableFuture.failedFuture(e);
    }
    return missingTables()
        .thenCompose(
            missing ->
                settings.isAutoCreated() && !missing.isEmpty()
                    ? createAll().thenCompose(created -> missingTables())
                    : CompletableFuture.completedFuture(missing))
        .thenCompose(this::checkKeyspace)
        .thenCompose(checked -> checkCommitLogs());
  }

  private Collection<Node> nodes() {
    return session.getMetadata().getNodes().values();
  }

  private void checkDatacenter() {
    Set<String> found =
        nodes().stream().map(node -> String.valueOf(node.getDatacenter())).collect(toSorted());
    if (!found.contains(settings.localDatacenter())) {
      throw new StoreSetupException(
          "tidewheel.cassandra.local-datacenter = %s, but Cassandra's data centers are: %s."
              .formatted(settings.localDatacenter(), String.join(", ", found)));
    }
  }

  private static Collector<String, ?, Set<String>> toSorted() {
    return Collectors.toCollection(TreeSet::new);
  }

  /** All of them also where the keyspace itself is missing. */
  private CompletionStage<List<String>> missingTables() {
    return rows(SimpleStatement.newInstance(
            "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?",
            settings.keyspace()))
        .thenApply(
            rows -> {
              Set<String> found = new HashSet<>();
              rows.forEach(row -> found.add(String.valueOf(row.getString("table_name"))));
              return Schema.tables().stream().filter(table -> !found.contains(table)).toList();
            });
  }

  /** The driver would read the schema again after each statement, which takes it a second. */
  private CompletionStage<Void> createAll() {
    session.setSchemaMetadataEnabled(false);
    return create(0).whenComplete((done, failure) -> session.setSchemaMetadataEnabled(null));
  }

  /**
   * One statement after the other, and all nodes of a broker cluster by the same Cassandra node:
   * two that make one table at once make two tables of one name.
   */
  private CompletionStage<Void> create(int index) {
    List<String> statements = Schema.statements(settings);
    if (index == statements.size()) {
      return session.checkSchemaAgreementAsync().thenApply(agreed -> null);
    }
    Node first =
        nodes().stream()
            .filter(node -> node.getState() != NodeState.FORCED_DOWN)
            .filter(node -> settings.localDatacenter().equals(node.getDatacenter()))
            .min(Comparator.comparing(node -> node.getEndPoint().toString()))
            .orElseThrow();
    return session
        .executeAsync(
            SimpleStatement.newInstance(statements.get(index))
                .setNode(first)
                .setTimeout(SCHEMA_TIMEOUT))
        .thenCompose(done -> create(index + 1));
  }

  private CompletionStage<Void> checkKeyspace(List<String> missing) {
    return rows(SimpleStatement.newInstance(
            "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?",
            settings.keyspace()))
        .thenAccept(
            rows -> {
              String problem =
                  rows.isEmpty()
                      ? "The keyspace %s is missing in Cassandra: run %s with cqlsh."
                          .formatted(settings.keyspace(), Schema.FILE)
                      : !missing.isEmpty()
                          ? "The keyspace %s lacks %s: run %s with cqlsh."
                              .formatted(
                                  settings.keyspace(), String.join(", ", missing), Schema.FILE)
                          : replicationProblem(
                              rows.get(0).getMap("replication", String.class, String.class));
              if (problem != null) {
                throw new StoreSetupException(problem);
              }
            });
  }

  private @Nullable String replicationProblem(@Nullable Map<String, String> replication) {
    Map<String, String> found = replication == null ? Map.of() : replication;
    boolean isByDatacenter = String.valueOf(found.get("class")).endsWith("NetworkTopologyStrategy");
    String copies =
        isByDatacenter ? found.get(settings.localDatacenter()) : found.get("replication_factor");
    if (!String.valueOf(settings.replicationFactor()).equals(copies)) {
      return "The keyspace %s has %s copies of each row in %s, but tidewheel.cassandra.replication-factor = %d."
          .formatted(
              settings.keyspace(),
              copies == null ? "no" : copies,
              isByDatacenter ? settings.localDatacenter() : "all",
              settings.replicationFactor());
    }
    boolean isLocal = settings.consistency() == CassandraSettings.Consistency.LOCAL_QUORUM;
    if (isLocal && !isByDatacenter) {
      return "tidewheel.cassandra.consistency = local-quorum needs a keyspace with"
          + " NetworkTopologyStrategy, and %s has %s."
              .formatted(settings.keyspace(), found.get("class"));
    }
    long hosts =
        nodes().stream()
            .filter(
                node -> !isByDatacenter || settings.localDatacenter().equals(node.getDatacenter()))
            .count();
    return hosts < settings.replicationFactor()
        ? "The keyspace %s has %d copies of each row, but Cassandra has only %d nodes for them."
            .formatted(settings.keyspace(), settings.replicationFactor(), hosts)
        : null;
  }

  /** Each node has a setting of its own. Those that are down say nothing, and are not asked. */
  private CompletionStage<Void> checkCommitLogs() {
    if (settings.isPeriodicCommitLogAccepted()) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<?>[] checks =
        nodes().stream()
            .filter(node -> node.getState() == NodeState.UP)
            .filter(node -> settings.localDatacenter().equals(node.getDatacenter()))
            .map(node -> checkCommitLog(node).toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(checks);
  }

  private CompletionStage<Void> checkCommitLog(Node node) {
    return rows(SimpleStatement.newInstance(
                "SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'")
            .setConsistencyLevel(ConsistencyLevel.ONE)
            .setNode(node))
        .handle(
            (rows, failure) -> {
              if (failure != null
                  && CassandraStore.cause(failure) instanceof UnauthorizedException) {
                throw new StoreSetupException(
                    "Whether Cassandra flushes before it answers cannot be read: grant SELECT on"
                        + " system_views.settings, or set"
                        + " tidewheel.cassandra.accept-periodic-commitlog = on.");
              }
              if (failure != null) {
                throw new CompletionException(CassandraStore.cause(failure));
              }
              String mode = rows.isEmpty() ? "unknown" : rows.get(0).getString("value");
              if (!"group".equals(mode) && !"batch".equals(mode)) {
                throw new StoreSetupException(
                    ("Cassandra at %s has commitlog_sync: %s and answers writes before they are on"
                            + " disk: set it to group with commitlog_sync_group_window: 5ms, or"
                            + " tidewheel.cassandra.accept-periodic-commitlog = on to accept the"
                            + " loss of acknowledged messages when power fails.")
                        .formatted(node.getEndPoint(), mode));
              }
              return null;
            });
  }

  private CompletionStage<List<Row>> rows(SimpleStatement statement) {
    return session
        .executeAsync(statement)
        .thenCompose(result -> collect(result, new ArrayList<>()));
  }

  private static CompletionStage<List<Row>> collect(AsyncResultSet page, List<Row> rows) {
    page.currentPage().forEach(rows::add);
    return page.hasMorePages()
        ? page.fetchNextPage().thenCompose(next -> collect(next, rows))
        : CompletableFuture.completedFuture(rows);
  }
}
