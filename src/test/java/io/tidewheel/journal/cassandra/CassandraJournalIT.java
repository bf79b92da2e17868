package io.tidewheel.journal.cassandra;

import io.tidewheel.RealCassandra;
import io.tidewheel.journal.JournalContract;
import io.tidewheel.journal.PluginSystem;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CassandraJournalIT extends JournalContract {
  private static final String KEYSPACE = RealCassandra.newKeyspace();

  @Override
  protected PluginSystem open() {
    return CassandraFixture.open(KEYSPACE, "messages");
  }
}
