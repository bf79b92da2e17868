package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TailCacheTest {
  private static final int WEIGHT = Message.of(new byte[0]).weight();

  private final AtomicLong nanos = new AtomicLong();
  private final TailCache cache = new TailCache(10L * WEIGHT, nanos::get);

  @Test
  void readsConsecutiveBatchesFromTheOneThatHoldsTheOffset() {
    put(1, 0, 0, 2);
    put(1, 0, 2, 3);
    put(1, 0, 5, 1);
    assertThat(firstOffsets(cache.read(1, 0, 3, 6, 1 << 20))).containsExactly(2L, 5L);
    assertThat(firstOffsets(cache.read(1, 0, 0, 5, 1 << 20))).containsExactly(0L, 2L);
    assertThat(cache.read(1, 0, 6, 9, 1 << 20)).isEmpty();
  }

  @Test
  void endsAtTheBytesButGivesOneBatch() {
    put(1, 0, 0, 2);
    put(1, 0, 2, 2);
    assertThat(firstOffsets(cache.read(1, 0, 0, 4, 1))).containsExactly(0L);
    assertThat(firstOffsets(cache.read(1, 0, 0, 4, 2L * WEIGHT + 1))).containsExactly(0L, 2L);
  }

  /** A hole must be read from the journal: nothing is ever skipped. */
  @Test
  void stopsAtAHole() {
    put(1, 0, 0, 1);
    put(1, 0, 4, 1);
    assertThat(firstOffsets(cache.read(1, 0, 0, 5, 1 << 20))).containsExactly(0L);
    assertThat(cache.read(1, 0, 2, 5, 1 << 20)).isEmpty();
  }

  @Test
  void queuesAndTopicsAreApart() {
    put(1, 0, 0, 1);
    assertThat(cache.read(1, 1, 0, 1, 1 << 20)).isEmpty();
    assertThat(cache.read(2, 0, 0, 1, 1 << 20)).isEmpty();
  }

  @Test
  void theBatchKeptLongestGoesFirstOverAllQueues() {
    put(1, 0, 0, 4);
    put(2, 0, 0, 4);
    put(1, 0, 4, 4);
    assertThat(cache.read(1, 0, 0, 8, 1 << 20)).isEmpty();
    assertThat(firstOffsets(cache.read(2, 0, 0, 4, 1 << 20))).containsExactly(0L);
    assertThat(firstOffsets(cache.read(1, 0, 4, 8, 1 << 20))).containsExactly(4L);
  }

  @Test
  void whatHasBeenKeptForLongGoesWhenOthersCome() {
    put(1, 0, 0, 1);
    nanos.addAndGet(TailCache.KEPT_NANOS);
    put(2, 0, 0, 1);
    assertThat(firstOffsets(cache.read(1, 0, 0, 1, 1 << 20))).containsExactly(0L);
    nanos.incrementAndGet();
    put(2, 0, 1, 1);
    assertThat(cache.read(1, 0, 0, 1, 1 << 20)).isEmpty();
    assertThat(firstOffsets(cache.read(2, 0, 0, 2, 1 << 20))).containsExactly(0L, 1L);
  }

  /** A queue that has left the cache leaves nothing behind: there are tens of thousands. */
  @Test
  void forgetsQueuesWithoutBatches() {
    for (int topic = 0; topic < 1_000; topic++) {
      put(topic, 0, 0, 5);
    }
    assertThat(cache.queueCount()).isEqualTo(2);
  }

  @Test
  void aBatchThatIsPutAgainStaysUntilItsLastPutLeaves() {
    put(1, 0, 0, 4);
    put(1, 0, 0, 4);
    put(2, 0, 0, 4);
    assertThat(firstOffsets(cache.read(1, 0, 0, 4, 1 << 20))).containsExactly(0L);
    put(2, 0, 4, 4);
    assertThat(cache.read(1, 0, 0, 4, 1 << 20)).isEmpty();
  }

  @Test
  void doesNotKeepABatchLargerThanAll() {
    put(1, 0, 0, 3);
    put(2, 0, 0, 11);
    assertThat(cache.read(2, 0, 0, 11, 1 << 20)).isEmpty();
    assertThat(cache.read(1, 0, 0, 3, 1 << 20)).hasSize(1);
  }

  private void put(long topicUid, int queue, long firstOffset, int count) {
    List<Message> messages = Collections.nCopies(count, Message.of(new byte[0]));
    cache.put(topicUid, queue, new MessageBatch(0, firstOffset, 0, messages));
  }

  private static List<Long> firstOffsets(List<MessageBatch> batches) {
    return batches.stream().map(MessageBatch::firstOffset).toList();
  }
}
