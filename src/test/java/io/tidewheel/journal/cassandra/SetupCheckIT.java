package io.tidewheel.journal.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Behaviors;
import com.datastax.oss.driver.api.core.CqlSession;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.RealCassandra;
import io.tidewheel.journal.StoreSetupException;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a start says about a Cassandra that is not what it must be. */
@Timeout(120)
class SetupCheckIT {
  private static final String AUTO_CREATE = "tidewheel.cassandra.auto-create";
  private final String keyspace = RealCassandra.newKeyspace();

  @Test
  void namesTheMissingKeyspace() {
    assertRefused(Map.of(AUTO_CREATE, false), "The keyspace " + keyspace + " is missing");
  }

  @Test
  void namesTheMissingTable() throws Exception {
    check(Map.of());
    execute("DROP TABLE " + keyspace + ".small_log");
    assertRefused(Map.of(AUTO_CREATE, false), "lacks small_log: run conf/cassandra/schema.cql");
    // With auto-create it is made again.
    check(Map.of());
    check(Map.of(AUTO_CREATE, false));
  }

  @Test
  void namesTheNumberOfCopies() throws Exception {
    check(Map.of());
    assertRefused(
        Map.of("tidewheel.cassandra.replication-factor", 3),
        "has 1 copies of each row in datacenter1, but tidewheel.cassandra.replication-factor = 3");
  }

  @Test
  void namesTheNodesThatAreMissingForTheCopies() {
    assertRefused(
        Map.of("tidewheel.cassandra.replication-factor", 3, AUTO_CREATE, true),
        "has 3 copies of each row, but Cassandra has only 1 nodes");
  }

  @Test
  void namesTheDataCenters() {
    assertRefused(
        Map.of("tidewheel.cassandra.local-datacenter", "elsewhere"),
        "local-datacenter = elsewhere, but Cassandra's data centers are: datacenter1");
  }

  @Test
  void namesTheStrategyThatLocalQuorumNeeds() throws Exception {
    execute(
        "CREATE KEYSPACE "
            + keyspace
            + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    check(Map.of());
    assertRefused(
        Map.of("tidewheel.cassandra.consistency", "local-quorum"), "NetworkTopologyStrategy");
  }

  @Test
  void givesAllNodesTheSameValue() throws Exception {
    ActorSystem<Void> one = system(Map.of());
    ActorSystem<Void> other = system(Map.of());
    try {
      byte[] first =
          CassandraStore.get(one)
              .readOrCreate("key", () -> new byte[] {1, 2})
              .toCompletableFuture()
              .get(60, TimeUnit.SECONDS);
      byte[] second =
          CassandraStore.get(other)
              .readOrCreate("key", () -> new byte[] {3, 4})
              .toCompletableFuture()
              .get(60, TimeUnit.SECONDS);
      assertThat(first).containsExactly(1, 2);
      assertThat(second).containsExactly(1, 2);
    } finally {
      one.terminate();
      other.terminate();
    }
  }

  private void assertRefused(Map<String, ?> settings, String message) {
    assertThatThrownBy(() -> check(settings))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(StoreSetupException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  private void check(Map<String, ?> settings) throws Exception {
    ActorSystem<Void> system = system(settings);
    try {
      CassandraStore.get(system).ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    } finally {
      system.terminate();
    }
  }

  private ActorSystem<Void> system(Map<String, ?> settings) {
    return ActorSystem.create(
        Behaviors.empty(),
        "check",
        ConfigFactory.parseString("akka.actor.provider = local")
            .withFallback(CassandraFixture.config(keyspace, settings)));
  }

  private static void execute(String statement) {
    try (CqlSession session = RealCassandra.get().session(null)) {
      session.execute(statement);
    }
  }
}
