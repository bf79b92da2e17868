package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.append;
import static io.tidewheel.journal.embedded.StoreFixture.directoryBytes;
import static io.tidewheel.journal.embedded.StoreFixture.numbers;
import static io.tidewheel.journal.embedded.StoreFixture.open;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpaceReclaimerTest {
  private static final long MIB = 1 << 20;
  private static final int EVENT = 512 << 10;

  private static final String SMALL = "reclaim-after = 32 MiB, segment-size = 4 MiB";

  @TempDir Path temp;

  @Test
  void givesTheSpaceOfATrimmedLogBack() {
    try (EmbeddedStore store = open(temp, "segment-size = 8 MiB")) {
      append(store, "queue-1", 1, 600, EVENT);
      append(store, "queue-2", 1, 20, EVENT);
      assertThat(directoryBytes(temp)).isGreaterThan(300 * MIB);

      trim(store, "queue-1", 590);

      awaitSize(100 * MIB);
      assertThat(numbers(store, "queue-1")).hasSize(10).startsWith(591L);
      assertThat(numbers(store, "queue-2")).hasSize(20);
      append(store, "queue-1", 601, 601, EVENT);
    }
  }

  @Test
  void givesSpaceBackThatLivesBetweenOtherRows() {
    try (EmbeddedStore store = open(temp, SMALL)) {
      fillInterleaved(store);
      trim(store, "a-trimmed", 100);

      awaitSize(60 * MIB);
      assertThat(numbers(store, "z-kept")).hasSize(25);
      assertThat(store.highestSeqNr("a-trimmed")).isEqualTo(100);
    }
  }

  @Test
  void aReadGoesOnWhileItsRowsAreMovedAndTheirFilesUsedAgain() {
    try (EmbeddedStore store = open(temp, SMALL)) {
      fillInterleaved(store);
      List<Long> read = new ArrayList<>();
      store.readEvents(
          "z-kept",
          1,
          25,
          row -> {
            if (row.seqNr() == 5) {
              trim(store, "a-trimmed", 100);
              awaitSize(40 * MIB);
              append(store, "b-later", 1, 40, EVENT);
            }
            assertThat(row.payload().bytes())
                .isEqualTo(ByteBuffer.wrap(StoreFixture.payload(row.seqNr(), EVENT)));
            read.add(row.seqNr());
            return true;
          });
      assertThat(read).isEqualTo(LongStream.rangeClosed(1, 25).boxed().toList());
    }
  }

  @Test
  void aReadGoesOnBehindWhatIsTrimmedMeanwhile() {
    try (EmbeddedStore store = open(temp, SMALL)) {
      fillInterleaved(store);
      List<Long> read = new ArrayList<>();
      store.readEvents(
          "a-trimmed",
          1,
          100,
          row -> {
            if (row.seqNr() == 5) {
              trim(store, "a-trimmed", 90);
              awaitSize(50 * MIB);
              append(store, "b-later", 1, 40, EVENT);
            }
            read.add(row.seqNr());
            return true;
          });
      assertThat(read)
          .startsWith(1L, 2L, 3L, 4L, 5L)
          .endsWith(91L, 92L, 93L, 94L, 95L, 96L, 97L, 98L, 99L, 100L);
    }
  }

  /** Every segment holds rows of both. */
  private static void fillInterleaved(EmbeddedStore store) {
    for (long seqNr = 1; seqNr <= 100; seqNr++) {
      append(store, "a-trimmed", seqNr, seqNr, EVENT);
      if (seqNr % 4 == 0) {
        append(store, "z-kept", seqNr / 4, seqNr / 4, EVENT);
      }
    }
  }

  private static void trim(EmbeddedStore store, String actor, long to) {
    store.trim(actor, to, store.estimateBytes(actor, to)).join();
  }

  private void awaitSize(long bytes) {
    CountDownLatch never = new CountDownLatch(1);
    try {
      while (directoryBytes(temp) > bytes) {
        // The global time limit ends a wait that is in vain.
        assertThat(never.await(50, TimeUnit.MILLISECONDS)).isFalse();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
