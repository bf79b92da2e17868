package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.append;
import static io.tidewheel.journal.embedded.StoreFixture.crashImage;
import static io.tidewheel.journal.embedded.StoreFixture.newestLog;
import static io.tidewheel.journal.embedded.StoreFixture.numbers;
import static io.tidewheel.journal.embedded.StoreFixture.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.embedded.StoreException.Kind;
import io.tidewheel.journal.embedded.StoreFixture.Block;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
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
        // A real beginning: the log's own last record with the next number, cut off.
        Block last = StoreFixture.blocks(newestLog(image)).get(9);
        ByteBuffer further = ByteBuffer.wrap(log.clone(), last.start(), length).slice();
        if (length >= LogBlock.HEADER_BYTES) {
          further.putLong(LogBlock.HEADER_BYTES - Long.BYTES, 11);
        }
        out.write(further);
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
    truncate(log, StoreFixture.blocks(log).get(9).end() - 1);
    assertRefused(image, "the log ends at write 9 but 10 was acknowledged, 1 writes are missing");
  }

  @Test
  void refusesAnEmptiedLog() throws IOException {
    truncate(newestLog(image), 0);
    assertRefused(image, "the log ends at write 0 but 10 was acknowledged, 10 writes are missing");
  }

  @Test
  void refusesARemovedLog() throws IOException {
    Files.delete(newestLog(image));
    assertRefused(image, "the log ends at write 0 but 10 was acknowledged, 10 writes are missing");
  }

  @Test
  void refusesOneChangedByteAnywhereInTheLog() throws IOException {
    for (Block block : StoreFixture.blocks(newestLog(image))) {
      for (int at = block.start(); at < block.end(); at += 97) {
        Path changed = temp.resolve("changed-" + at);
        StoreFixture.copy(image, changed);
        flip(newestLog(changed), at);
        assertRefused(changed, "acknowledged");
      }
    }
  }

  @Test
  void doesNotMindWhatLiesBehindTheEndOfTheLog() throws IOException {
    // A file that is used again holds whole blocks of its earlier life, maybe with the next number.
    Path log = newestLog(image);
    Path further = temp.resolve("further");
    StoreFixture.copy(image, further);
    try (EmbeddedStore store = open(further)) {
      append(store, ACTOR, 11, 11, SIZE);
    }
    Block eleventh = StoreFixture.blocks(newestLog(further)).get(10);
    ByteBuffer stale =
        ByteBuffer.wrap(Files.readAllBytes(newestLog(further))).slice(eleventh.start(), 4096);
    String id =
        Files.readAllLines(image.resolve(DataDirectory.IDENTITY_FILE)).stream()
            .filter(line -> line.startsWith("id="))
            .findFirst()
            .orElseThrow()
            .substring(3);
    new LogBlock(id).seal(stale, eleventh.end() - eleventh.start(), 1, new LogPosition(7, 0, 11));
    byte[] bytes = new byte[4096];
    stale.get(0, bytes);
    Files.write(log, bytes, StandardOpenOption.APPEND);
    try (EmbeddedStore store = open(image)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
    }
  }

  @Test
  void doesNotTakeTheBlockOfAnotherStore() throws IOException {
    Path other = temp.resolve("other");
    Path longer = temp.resolve("longer");
    try (EmbeddedStore store = open(other)) {
      append(store, ACTOR, 1, 11, SIZE);
      crashImage(store, longer);
    }
    byte[] foreign = Files.readAllBytes(newestLog(longer));
    int start = StoreFixture.blocks(newestLog(longer)).get(10).start();
    Files.write(
        newestLog(image),
        Arrays.copyOfRange(foreign, start, foreign.length),
        StandardOpenOption.APPEND);
    try (EmbeddedStore store = open(image)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
    }
  }

  @Test
  void refusesAChangedLengthOfTheLastRecord() throws IOException {
    // It seems longer than the file then, as a torn one does.
    Path log = newestLog(image);
    flip(log, StoreFixture.blocks(log).get(9).start() + 9);
    assertRefused(image, "the log ends at write 9 but 10 was acknowledged");
  }

  @Test
  void refusesACutBehindACheckpoint() throws IOException {
    try (EmbeddedStore store = open(image)) {
      append(store, ACTOR, 11, 20, SIZE);
    }
    Path copy = temp.resolve("copy");
    try (EmbeddedStore store = open(image)) {
      append(store, ACTOR, 21, 22, SIZE);
      crashImage(store, copy);
    }
    cutLastRecord(copy);
    assertRefused(copy, "the log ends at write 21 but 22 was acknowledged");
  }

  @Test
  void refusesACutInFrontOfACheckpoint() throws IOException {
    try (EmbeddedStore store = open(image)) {
      append(store, ACTOR, 11, 20, SIZE);
    }
    cutLastRecord(image);
    assertRefused(image, "acknowledged were");
  }

  @Test
  void refusesASealedSegmentThatIsGoneOrCutOff() throws IOException {
    Path data = temp.resolve("segments");
    try (EmbeddedStore store = open(data, "segment-size = 1 MiB")) {
      append(store, ACTOR, 1, 30, 100_000);
    }
    Path cut = temp.resolve("sealed-cut");
    StoreFixture.copy(data, cut);
    Path second = cut.resolve("log").resolve(segmentName(2));
    truncate(second, Files.size(second) / 2);
    assertRefused(cut, "log file " + segmentName(2));

    Files.delete(data.resolve("log").resolve(segmentName(2)));
    assertRefused(data, "log file " + segmentName(2));
  }

  @Test
  void replaysSeveralSegmentsAndRefusesDamageInTheMiddle() throws IOException {
    Path crashed = temp.resolve("crashed");
    try (EmbeddedStore store = open(temp.resolve("several"), "segment-size = 1 MiB")) {
      append(store, ACTOR, 1, 50, 100_000);
      crashImage(store, crashed);
    }
    Path damaged = temp.resolve("damaged");
    StoreFixture.copy(crashed, damaged);
    flip(damaged.resolve("log").resolve(segmentName(2)), 500_000);
    // Also with a mark that is behind, as after a power failure.
    Files.copy(
        image.resolve(CommitMark.FILE),
        damaged.resolve(CommitMark.FILE),
        StandardCopyOption.REPLACE_EXISTING);
    assertRefused(damaged, "the log is damaged in the middle");
    try (EmbeddedStore store = open(crashed)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(50));
    }
  }

  private static String segmentName(int number) {
    return String.format("%012d.segment", number);
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
  void removesALogFileThatACrashLeftUnfinished() throws IOException {
    Path unfinished = image.resolve("log").resolve(LogSegments.UNFINISHED);
    Files.write(unfinished, new byte[4096]);
    try (EmbeddedStore store = open(image)) {
      assertThat(numbers(store, ACTOR)).isEqualTo(oneTo(10));
      append(store, ACTOR, 11, 12, SIZE);
    }
    assertThat(unfinished).doesNotExist();
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
    List<Block> blocks = StoreFixture.blocks(log);
    truncate(log, blocks.get(blocks.size() - 1).start());
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
