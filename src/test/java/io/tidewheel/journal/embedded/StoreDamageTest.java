package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.append;
import static io.tidewheel.journal.embedded.StoreFixture.open;
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
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damage in what a start does not read again: in the log before its checkpoint, and in tables. */
class StoreDamageTest {
  @TempDir Path temp;

  @Test
  void namesTheRowWhosePayloadIsDamagedAndSkipsNothing() throws IOException {
    write(50_000);
    flip(StoreFixture.newestLog(temp), 25 * 50_000);
    assertNamed();
  }

  @Test
  void namesTheRowWhoseTableIsDamagedAndSkipsNothing() throws IOException {
    write(500);
    Path table = largest(".sst");
    flip(table, Files.size(table) / 4);
    assertNamed();
  }

  /** Fifty events; closing the store puts what it has in the index into tables. */
  private void write(int size) {
    try (EmbeddedStore store = open(temp)) {
      append(store, "queue-1", 1, 50, size);
    }
  }

  private void assertNamed() {
    List<Long> read = new ArrayList<>();
    assertThatThrownBy(
            () -> {
              try (EmbeddedStore store = open(temp)) {
                store.readEvents("queue-1", 1, 50, row -> read.add(row.seqNr()));
              }
            })
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
        .hasMessageContaining("queue-1");
    assertThat(read).hasSizeLessThan(50);
    for (int i = 0; i < read.size(); i++) {
      assertThat(read.get(i)).isEqualTo(i + 1);
    }
  }

  private Path largest(String suffix) throws IOException {
    try (var files = Files.list(temp.resolve("db"))) {
      return files
          .filter(file -> file.toString().endsWith(suffix))
          .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
          .orElseThrow();
    }
  }

  private static void flip(Path file, long at) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 0x55)).flip();
      channel.write(one, at);
    }
  }
}
