package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.append;
import static io.tidewheel.journal.embedded.StoreFixture.crashImage;
import static io.tidewheel.journal.embedded.StoreFixture.newestLog;
import static io.tidewheel.journal.embedded.StoreFixture.numbers;
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
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a store does with the files that a crash, or something worse, has left. */
class EmbeddedStoreCrashTest {
  private static final String ACTOR = "queue-1";
  private static final int SIZE = 700;

  @TempDir Path temp;
  private Path image;

  /** Ten events of 700 bytes, as they lie on disk while the store is open. */
  @BeforeEach
  void crash() {
    try (EmbeddedStore store = open(temp.resolve("data"))) {
      append(store, ACTOR, 1, 10, SIZE);
      image = crashImage(store, temp.resolve("image"));
    }
  }

  @Test
  void keepsEverythingAnsweredAfterACrash() {
    try (EmbeddedStore store = open(image)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
      append(store, ACTOR, 11, 12, SIZE);
    }
    try (EmbeddedStore store = open(image)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(12));
    }
  }

  @Test
  void survivesCrashesOneAfterAnother() {
    Path current = image;
    for (int round = 1; round <= 5; round++) {
      try (EmbeddedStore store = open(current)) {
        append(store, ACTOR, 10 + round, 10 + round, SIZE);
        current = crashImage(store, temp.resolve("round-" + round));
      }
    }
    try (EmbeddedStore store = open(current)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(15));
    }
  }

  @Test
  void toleratesTheFirstBytesOfAFurtherRecord() throws IOException {
    byte[] log = Files.readAllBytes(newestLog(image));
    for (int length : new int[] {1, 6, 7, 8, 100, SIZE}) {
      Path torn = temp.resolve("torn-" + length);
      StoreFixture.copy(image, torn);
      try (FileChannel out = FileChannel.open(newestLog(torn), StandardOpenOption.APPEND)) {
        // A real beginning: the log's own first record again, cut off.
        out.write(ByteBuffer.wrap(log, 0, length));
      }
      try (EmbeddedStore store = open(torn)) {
        assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
        append(store, ACTOR, 11, 11, SIZE);
      }
      try (EmbeddedStore store = open(torn)) {
        assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(11));
      }
    }
  }

  @Test
  void refusesALogWhoseLastRecordIsCutOff() throws IOException {
    cutLastRecord(image);
    assertRefused(image, "the log ends at write 9 but 10 was acknowledged, 1 writes are missing");
  }

  @Test
  void refusesALogCutInTheMiddleOfItsLastRecord() throws IOException {
    Path log = newestLog(image);
    truncate(log, Files.size(log) - 1);
    assertRefused(image, "the log ends at write 9 but 10 was acknowledged, 1 writes are missing");
  }

  @Test
  void refusesAnEmptiedLog() throws IOException {
    truncate(newestLog(image), 0);
    assertRefused(image, "the log has no whole write left");
  }

  @Test
  void refusesARemovedLog() throws IOException {
    Files.delete(newestLog(image));
    assertRefused(image, "is gone, acknowledged up to write 10");
  }

  @Test
  void refusesOneChangedByteAnywhereInTheLog() throws IOException {
    long length = Files.size(newestLog(image));
    long step = length / 37;
    for (long at = 0; at < length; at += step) {
      Path changed = temp.resolve("changed-" + at);
      StoreFixture.copy(image, changed);
      flip(newestLog(changed), at);
      assertRefused(changed, "acknowledged");
    }
  }

  @Test
  void refusesAChangedLengthOfTheLastRecord() throws IOException {
    // RocksDB alone takes a last record that seems longer than the file for a torn one.
    Path log = newestLog(image);
    long lastRecord = lastRecordStart(log);
    flip(log, lastRecord + 5);
    assertRefused(image, "the log ends at write 9 but 10 was acknowledged");
  }

  @Test
  void refusesACutAfterAFlushOfTheTables() throws IOException {
    // RocksDB's own last number then is beyond what is cut off, and tells nothing.
    Path target = temp.resolve("flushed");
    try (EmbeddedStore store = open(temp.resolve("busy"), "memtable-size = 1 MiB")) {
      append(store, ACTOR, 1, 40, 100_000);
      append(store, ACTOR, 41, 50, SIZE);
      crashImage(store, target);
    }
    cutLastRecord(target);
    assertRefused(target, "acknowledged");
  }

  @Test
  void opensWithWhatIsLeftWhenLossIsAccepted() throws IOException {
    cutLastRecord(image);
    try (EmbeddedStore store = open(image, "recovery = accept-loss")) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(9));
      append(store, ACTOR, 10, 11, SIZE);
    }
    try (EmbeddedStore store = open(image)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(11));
    }
  }

  @Test
  void opensUpToTheDamageWhenLossIsAccepted() throws IOException {
    flip(newestLog(image), Files.size(newestLog(image)) / 2);
    try (EmbeddedStore store = open(image, "recovery = accept-loss")) {
      List<Long> left = numbers(store, ACTOR);
      assertThat(left).hasSizeBetween(1, 9).isEqualTo(oneTo(left.size()));
    }
  }

  @Test
  void refusesWithoutItsCommitMark() throws IOException {
    Files.delete(image.resolve(CommitMark.FILE));
    assertThatThrownBy(() -> open(image))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
        .hasMessageContaining("commit-mark is missing or damaged");
    try (EmbeddedStore store = open(image, "recovery = accept-loss")) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
    }
  }

  @Test
  void readsTheOtherSlotWhenTheCommitMarkIsTorn() throws IOException {
    // The tenth turn is in the first slot; without it the mark says nine, which the log exceeds.
    flip(image.resolve(CommitMark.FILE), 5);
    try (EmbeddedStore store = open(image)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
    }
  }

  @Test
  void refusesADirectoryWhoseDatabaseIsGone() throws IOException {
    Path bare = temp.resolve("bare");
    Files.createDirectories(bare);
    for (String name : List.of(CommitMark.FILE, DataDirectory.IDENTITY_FILE)) {
      Files.copy(image.resolve(name), bare.resolve(name));
    }
    assertThatThrownBy(() -> open(bare)).isInstanceOf(StoreException.class);
  }

  @Test
  void opensAgainAfterACleanClose() {
    Path data = temp.resolve("data");
    for (int round = 0; round < 3; round++) {
      try (EmbeddedStore store = open(data)) {
        assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
      }
    }
  }

  private static void assertRefused(Path directory, String message) {
    assertThatThrownBy(() -> open(directory).close())
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.LOST_WRITES))
        .hasMessageContaining(message)
        .hasMessageContaining("recovery = accept-loss");
  }

  private static List<Long> oneTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  private static void cutLastRecord(Path directory) throws IOException {
    Path log = newestLog(directory);
    truncate(log, lastRecordStart(log));
  }

  private static long lastRecordStart(Path log) throws IOException {
    LogFile file = new LogFile(log, 1);
    Path copy = log.resolveSibling("cut");
    Files.copy(log, copy);
    truncate(copy, file.inspect().bytes() - 1);
    long start = new LogFile(copy, 1).inspect().bytes();
    Files.delete(copy);
    return start;
  }

  private static void truncate(Path file, long length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(length);
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
