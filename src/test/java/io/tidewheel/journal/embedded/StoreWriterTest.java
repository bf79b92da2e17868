package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.open;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;

/** What one drain of the writer makes of operations that meet in it. */
class StoreWriterTest {
  private static final String ACTOR = "queue-1";
  private static final int SIZE = 3_000;

  @TempDir Path temp;

  @Test
  void aMoveDoesNotBringBackWhatIsTrimmedInTheSameWrite() throws Exception {
    writeOneTo(3);
    RowPointer pointer = pointerTo(1);
    inOneDrain(
        writer -> {
          assertThat(writer.submit(new StoreOperation.Trim(ACTOR, 1))).isNotDone();
          assertThat(writer.submit(move(pointer))).isNotDone();
        });
    try (EmbeddedStore store = open(temp)) {
      assertThat(StoreFixture.numbers(store, ACTOR)).containsExactly(2L, 3L);
    }
    assertThat(indexed(1)).isNull();
  }

  @Test
  void aMoveOfARowThatHasMovedAlreadyDoesNothing() throws Exception {
    writeOneTo(3);
    RowPointer old = pointerTo(1);
    inOneDrain(writer -> assertThat(writer.submit(move(old))).isNotDone());
    RowPointer moved = pointerTo(1);
    assertThat(moved).isNotEqualTo(old);
    inOneDrain(writer -> assertThat(writer.submit(move(old))).isNotDone());
    assertThat(pointerTo(1)).isEqualTo(moved);
    try (EmbeddedStore store = open(temp)) {
      assertThat(StoreFixture.numbers(store, ACTOR)).containsExactly(1L, 2L, 3L);
    }
  }

  private static StoreOperation.Move move(RowPointer pointer) {
    return new StoreOperation.Move(key(1), pointer, rowBytes(1));
  }

  private void writeOneTo(long last) {
    try (EmbeddedStore store = open(temp)) {
      StoreFixture.append(store, ACTOR, 1, last, SIZE);
    }
  }

  /** Hands operations over before the writer starts, so that it takes them together. */
  private void inOneDrain(Consumer<StoreWriter> submit) throws Exception {
    EmbeddedStoreSettings settings = StoreFixture.settings("");
    try (DataDirectory directory = DataDirectory.open(temp)) {
      Opened opened = Opened.from(directory, settings);
      try (LogWriter log = new LogWriter(opened.segments(), opened.end(), () -> {})) {
        StoreWriter writer =
            new StoreWriter(opened.database(), settings, opened.mark(), log, opened.format());
        submit.accept(writer);
        writer.start();
        writer.close();
      } finally {
        opened.database().close();
      }
    }
  }

  private RowPointer pointerTo(long seqNr) throws IOException, RocksDBException {
    return RowPointer.decode(indexed(seqNr));
  }

  private byte[] indexed(long seqNr) throws RocksDBException {
    try (DataDirectory directory = DataDirectory.open(temp)) {
      Opened opened = Opened.from(directory, StoreFixture.settings(""));
      try {
        return opened.database().db().get(opened.database().events(), key(seqNr));
      } finally {
        opened.database().close();
      }
    }
  }

  private static byte[] key(long seqNr) {
    return RowKey.of(RowKey.prefix(ACTOR), seqNr);
  }

  private static byte[] rowBytes(long seqNr) {
    EncodedRow row = StoreFixture.row(ACTOR, seqNr, StoreFixture.payload(seqNr, SIZE));
    byte[] bytes = new byte[row.bytes()];
    System.arraycopy(row.head(), 0, bytes, 0, row.head().length);
    System.arraycopy(row.payload(), 0, bytes, row.head().length, row.payload().length);
    return bytes;
  }
}
