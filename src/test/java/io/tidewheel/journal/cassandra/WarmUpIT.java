package io.tidewheel.journal.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import com.datastax.oss.driver.api.core.CqlSession;
import io.tidewheel.RealCassandra;
import io.tidewheel.journal.PluginSystem;
import io.tidewheel.journal.WarmUp;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The reading before the join. */
@Timeout(120)
class WarmUpIT {
  private final String keyspace = RealCassandra.newKeyspace();
  private final PluginSystem plugins = CassandraFixture.open(keyspace, "messages");
  private final ActorSystem<Void> system = Adapter.toTyped(plugins.system);
  private final CassandraStore store = CassandraStore.get(system);

  @AfterEach
  void close() {
    plugins.close();
  }

  @Test
  void leavesNothingBehindHoweverOftenItReads() throws Exception {
    await(store.ready());
    await(WarmUp.of(system, store));
    await(WarmUp.of(system, store));
    try (CqlSession session = RealCassandra.get().session(keyspace)) {
      for (String family : new String[] {"message_log", "small_log"}) {
        for (String table : new String[] {"", "_metadata", "_ids", "_snapshots"}) {
          assertThat(session.execute("SELECT * FROM " + family + table)).isEmpty();
        }
      }
    }
  }

  @Test
  void failsWhereNothingCanBeRead() throws Exception {
    await(store.ready());
    try (CqlSession session = RealCassandra.get().session(keyspace)) {
      session.execute("DROP TABLE small_log");
    }
    assertThatThrownBy(() -> await(WarmUp.of(system, store)))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("small_log");
  }

  private static void await(CompletionStage<?> stage) throws Exception {
    stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }
}
