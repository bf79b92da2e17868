package io.tidewheel.journal.cassandra;

import io.tidewheel.RealCassandra;
import io.tidewheel.journal.PluginSystem;
import io.tidewheel.journal.SnapshotContract;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CassandraSnapshotStoreIT extends SnapshotContract {
  private static final String KEYSPACE = RealCassandra.newKeyspace();

  @Override
  protected PluginSystem open() {
    return CassandraFixture.open(KEYSPACE, "messages");
  }
}
