package io.tidewheel.journal.cassandra;

import io.tidewheel.RealCassandra;
import io.tidewheel.journal.PluginSystem;
import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.RowReaderContract;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CassandraRowReaderIT extends RowReaderContract {
  private static final String KEYSPACE = RealCassandra.newKeyspace();

  @Override
  protected PluginSystem open() {
    return CassandraFixture.open(KEYSPACE, "messages");
  }

  @Override
  protected RowReader reader(PluginSystem plugins) {
    return CassandraStore.get(plugins.system).messageRows();
  }
}
