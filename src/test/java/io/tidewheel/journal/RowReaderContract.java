package io.tidewheel.journal;

import static io.tidewheel.journal.PluginSystem.PATIENCE;
import static io.tidewheel.journal.PluginSystem.atomic;
import static org.assertj.core.api.Assertions.assertThat;

import akka.persistence.AtomicWrite;
import akka.persistence.JournalProtocol;
import akka.testkit.javadsl.TestKit;
import io.tidewheel.journal.RowReader.Row;
import io.tidewheel.journal.SumCodec.Added;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store promises about reading rows back. */
public abstract class RowReaderContract {
  protected final String log = "log-" + UUID.randomUUID();
  protected PluginSystem plugins;
  private RowReader reader;

  /** The store of the test. */
  protected abstract PluginSystem open();

  protected abstract RowReader reader(PluginSystem plugins);

  @BeforeEach
  void tenRows() {
    plugins = open();
    write(1, 10);
    reader = reader(plugins);
  }

  @AfterEach
  void stop() {
    plugins.close();
  }

  /** Rows of one owner: the number of each entry is that of its row. */
  protected final void write(long from, long to) {
    TestKit actor = new TestKit(plugins.system);
    AtomicWrite[] writes =
        LongStream.rangeClosed(from, to)
            .mapToObj(seqNr -> atomic(PluginSystem.event(log, seqNr, row(seqNr))))
            .toArray(AtomicWrite[]::new);
    for (AtomicWrite write : writes) {
      plugins.write(actor, write);
    }
    for (int i = 0; i < writes.length; i++) {
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    }
  }

  private static LogRow<Added> row(long seqNr) {
    return seqNr == 1
        ? new LogRow.Opened<>(1, "n", 0, 0)
        : new LogRow.Entry<>(1, new Added((int) seqNr));
  }

  @Test
  void readsARangeInOrder() throws Exception {
    List<Row> rows = read(3, 5, 1 << 20);
    assertThat(rows).extracting(Row::seqNr).containsExactly(3L, 4L, 5L);
    assertThat(rows).extracting(Row::event).containsExactly(row(3), row(4), row(5));
    assertThat(rows).allSatisfy(row -> assertThat(row.bytes()).isBetween(2, 200));
  }

  @Test
  void readsOneRowWhateverTheBytes() throws Exception {
    assertThat(read(3, 10, 0)).extracting(Row::seqNr).containsExactly(3L);
    assertThat(read(3, 10, 1)).extracting(Row::seqNr).containsExactly(3L);
    assertThat(read(10, Long.MAX_VALUE, 1)).extracting(Row::seqNr).containsExactly(10L);
  }

  @Test
  void stopsOnceTheBytesAreRead() throws Exception {
    int one = read(2, 2, 0).get(0).bytes();
    assertThat(read(2, 10, 3L * one)).extracting(Row::seqNr).containsExactly(2L, 3L, 4L);
  }

  @Test
  void readsNothingWhereThereIsNothing() throws Exception {
    assertThat(read(11, 20, 1000)).isEmpty();
    assertThat(read(5, 4, 1000)).isEmpty();
    assertThat(reader.read("unknown", 1, 10, 1000).toCompletableFuture().join()).isEmpty();
  }

  @Test
  void startsBehindWhatIsTrimmed() throws Exception {
    plugins.delete(log, 4);
    assertThat(read(1, 6, 1 << 20)).extracting(Row::seqNr).containsExactly(5L, 6L);
    plugins.delete(log, 7);
    assertThat(read(6, 9, 1 << 20)).extracting(Row::seqNr).containsExactly(8L, 9L);
    assertThat(read(1, 6, 1 << 20)).isEmpty();
  }

  @Test
  void readsWhatComesAfterItHasReadTheEnd() throws Exception {
    assertThat(read(11, Long.MAX_VALUE, 1 << 20)).isEmpty();
    write(11, 12);
    assertThat(read(11, Long.MAX_VALUE, 1 << 20)).extracting(Row::seqNr).containsExactly(11L, 12L);
  }

  @Test
  void readsOverThousandsOfRows() throws Exception {
    write(11, 2_500);
    assertThat(read(1, Long.MAX_VALUE, 1 << 20))
        .extracting(Row::seqNr)
        .isEqualTo(LongStream.rangeClosed(1, 2_500).boxed().toList());
    assertThat(read(999, 1_002, 1 << 20))
        .extracting(Row::seqNr)
        .containsExactly(999L, 1_000L, 1_001L, 1_002L);
    plugins.delete(log, 2_100);
    assertThat(read(1, Long.MAX_VALUE, 1)).extracting(Row::seqNr).containsExactly(2_101L);
  }

  protected final List<Row> read(long from, long to, long maxBytes) throws Exception {
    return reader
        .read(log, from, to, maxBytes)
        .toCompletableFuture()
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }
}
