package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.append;
import static io.tidewheel.journal.embedded.StoreFixture.open;
import static io.tidewheel.journal.embedded.StoreFixture.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

class StoreCheckTest {
  @TempDir Path temp;

  private final List<String> findings = new ArrayList<>();
  private final List<Long> numbers = new ArrayList<>();

  @Test
  void findsNothingInAWholeDirectory() {
    write();
    check("queue-1");
    assertThat(findings).isEmpty();
    assertThat(numbers).hasSize(100).isSorted();
    try (StoreCheck store = StoreCheck.open(temp, settings(""))) {
      assertThat(store.persistenceIds()).containsExactly("catalog", "gone", "queue-1");
      assertThat(store.extent("gone")).isEqualTo(new StoreCheck.Extent(3, 3));
      assertThat(store.logBytes()).isGreaterThan(100 * 50_000);
    }
    try (EmbeddedStore store = open(temp)) {
      assertThat(StoreFixture.numbers(store, "queue-1")).hasSize(100);
    }
  }

  @Test
  void namesTheBlockAndTheRowOfAFlippedBitAndReadsOn() throws IOException {
    write();
    flip(oldestLog(), 3 * 53_248 + 20_000);
    check("queue-1");
    assertThat(findings)
        .hasSize(2)
        .anySatisfy(
            text ->
                assertThat(text)
                    .contains(oldestLog().getFileName().toString(), "is damaged between byte"))
        .anySatisfy(text -> assertThat(text).contains("of queue-1 is damaged", "stored row"));
    assertThat(numbers).hasSize(99);
  }

  /** A start does not read this far back, and no row that lives has been touched. */
  @Test
  void namesABlockWhoseHeaderIsGone() throws IOException {
    write();
    flip(oldestLog(), 2);
    List<String> found = new ArrayList<>();
    try (StoreCheck store = StoreCheck.open(temp, settings(""))) {
      store.scanLog(found::add, bytes -> {});
    }
    assertThat(found).singleElement().asString().contains("between byte 0 and byte");
  }

  @Test
  void namesMissingRows() throws RocksDBException {
    write();
    remove("queue-1", 7);
    remove("queue-1", 8);
    check("queue-1");
    assertThat(findings).containsExactly("stored rows 7 to 8 of queue-1 are missing");
    assertThat(numbers).hasSize(98);
  }

  @Test
  void namesALogFileThatIsGone() throws IOException {
    write();
    Files.delete(oldestLog());
    assertThatThrownBy(() -> StoreCheck.open(temp, settings("")))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.LOST_WRITES))
        .hasMessageContaining(oldestLog().getFileName().toString().substring(0, 3));
  }

  @Test
  void respectsTheLockAndMakesNoDirectory() {
    try (EmbeddedStore store = open(temp)) {
      assertThatThrownBy(() -> StoreCheck.open(store.directory(), settings("")))
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.LOCKED));
    }
    Path other = temp.resolve("other");
    assertThatThrownBy(() -> StoreCheck.open(other, settings("")))
        .isInstanceOf(StoreException.class);
    assertThat(other).doesNotExist();
  }

  /** Several segments; the checkpoint of the end is behind all of them. */
  private void write() {
    try (EmbeddedStore store = open(temp, "segment-size = 1MiB")) {
      append(store, "queue-1", 1, 100, 50_000);
      append(store, "catalog", 1, 20, 300);
      append(store, "gone", 1, 3, 100);
      store.trim("gone", 3, 0).join();
    }
  }

  private void check(String persistenceId) {
    try (StoreCheck store = StoreCheck.open(temp, settings(""))) {
      store.scanLog(findings::add, bytes -> {});
      store.scanIndex(findings::add);
      store.visitEvents(
          persistenceId,
          new StoreCheck.Visitor() {
            @Override
            public void onRow(StoreCheck.Row row) {
              numbers.add(row.seqNr());
            }

            @Override
            public void onDamage(String what) {
              findings.add(what);
            }
          });
    }
  }

  private Path oldestLog() throws IOException {
    try (var files = Files.list(temp.resolve("log"))) {
      return files
          .filter(file -> file.toString().endsWith(".segment"))
          .min(Comparator.naturalOrder())
          .orElseThrow();
    }
  }

  private void remove(String persistenceId, long seqNr) throws RocksDBException {
    try (Database database = Database.open(temp.resolve("db"), settings(""), false);
        WriteOptions options = new WriteOptions().setDisableWAL(true);
        FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
      database
          .db()
          .delete(database.events(), options, RowKey.of(RowKey.prefix(persistenceId), seqNr));
      database.db().flush(flush, database.events());
    }
  }

  private static void flip(Path file, long at) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
      channel.write(one, at);
    }
  }
}
