package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.append;
import static io.tidewheel.journal.embedded.StoreFixture.directoryBytes;
import static io.tidewheel.journal.embedded.StoreFixture.numbers;
import static io.tidewheel.journal.embedded.StoreFixture.open;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpaceReclaimerTest {
  private static final long MIB = 1 << 20;
  private static final int EVENT = 512 << 10;

  @TempDir Path temp;

  @Test
  void givesTheSpaceOfATrimmedLogBack() throws InterruptedException {
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
  void givesSpaceBackThatLivesBetweenOtherRows() throws InterruptedException {
    try (EmbeddedStore store = open(temp, "reclaim-after = 32 MiB, segment-size = 4 MiB")) {
      // Every segment holds rows of both.
      for (long seqNr = 1; seqNr <= 100; seqNr++) {
        append(store, "a-trimmed", seqNr, seqNr, EVENT);
        if (seqNr % 4 == 0) {
          append(store, "z-kept", seqNr / 4, seqNr / 4, EVENT);
        }
      }
      trim(store, "a-trimmed", 100);

      awaitSize(60 * MIB);
      assertThat(numbers(store, "z-kept")).hasSize(25);
      assertThat(store.highestSeqNr("a-trimmed")).isEqualTo(100);
    }
  }

  private static void trim(EmbeddedStore store, String actor, long to) {
    store.trim(actor, to, store.estimateBytes(actor, to)).join();
  }

  private void awaitSize(long bytes) throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    while (directoryBytes(temp) > bytes) {
      // The global time limit ends a wait that is in vain.
      assertThat(never.await(50, TimeUnit.MILLISECONDS)).isFalse();
    }
  }
}
