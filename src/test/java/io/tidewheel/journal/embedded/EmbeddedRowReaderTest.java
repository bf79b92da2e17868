package io.tidewheel.journal.embedded;

import io.tidewheel.journal.PluginSystem;
import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.RowReaderContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedRowReaderTest extends RowReaderContract {
  @TempDir Path temp;

  @Override
  protected PluginSystem open() {
    return PluginSystem.embedded(temp.resolve("data"));
  }

  @Override
  protected RowReader reader(PluginSystem plugins) {
    return new EmbeddedRowReader(plugins.system);
  }
}
