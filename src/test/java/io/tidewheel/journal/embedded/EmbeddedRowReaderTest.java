package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.PluginSystem.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.RowReader.Row;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedRowReaderTest {
  @TempDir Path temp;
  private PluginSystem plugins;
  private RowReader reader;

  @BeforeEach
  void tenEvents() {
    plugins = new PluginSystem(temp.resolve("data"));
    plugins.writeEvents("queue-1", 1, 10);
    reader = new EmbeddedRowReader(plugins.system);
  }

  @AfterEach
  void stop() {
    plugins.close();
  }

  @Test
  void readsARangeInOrder() throws Exception {
    List<Row> rows = read(3, 5, 1 << 20);
    assertThat(rows).extracting(Row::seqNr).containsExactly(3L, 4L, 5L);
    assertThat(rows).extracting(Row::event).containsExactly("a-3", "a-4", "a-5");
    assertThat(rows).allSatisfy(row -> assertThat(row.bytes()).isBetween(3, 200));
  }

  @Test
  void readsOneRowWhateverTheBytes() throws Exception {
    assertThat(read(3, 10, 0)).extracting(Row::seqNr).containsExactly(3L);
    assertThat(read(3, 10, 1)).extracting(Row::seqNr).containsExactly(3L);
  }

  @Test
  void stopsOnceTheBytesAreRead() throws Exception {
    int one = read(1, 1, 0).get(0).bytes();
    assertThat(read(1, 10, 3L * one)).extracting(Row::seqNr).containsExactly(1L, 2L, 3L);
  }

  @Test
  void readsNothingWhereThereIsNothing() throws Exception {
    assertThat(read(11, 20, 1000)).isEmpty();
    assertThat(read(5, 4, 1000)).isEmpty();
    assertThat(reader.read("unknown", 1, 10, 1000).toCompletableFuture().join()).isEmpty();
  }

  @Test
  void startsBehindWhatIsTrimmed() throws Exception {
    plugins.delete("queue-1", 4);
    assertThat(read(1, 6, 1 << 20)).extracting(Row::seqNr).containsExactly(5L, 6L);
  }

  private List<Row> read(long from, long to, long maxBytes) throws Exception {
    return reader
        .read("queue-1", from, to, maxBytes)
        .toCompletableFuture()
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }
}
