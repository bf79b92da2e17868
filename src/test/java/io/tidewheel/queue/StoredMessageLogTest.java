package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.RowReader;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import io.tidewheel.queue.QueueEvent.SubscriptionOpened;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class StoredMessageLogTest {
  private static final int ROW_BYTES = 100;

  private final Rows rows = new Rows();
  private final TailCache tail = new TailCache(1 << 20, System::nanoTime);
  private final StoredMessageLog log = new StoredMessageLog(1, 0, rows, tail);

  @Test
  void readsFromTheBatchThatHoldsTheOffset() {
    rows.addOther();
    rows.addBatch(3, 10);
    rows.addOther();
    rows.addBatch(4, 20);
    rows.addBatch(1, 30);
    assertThat(firstOffsets(read(0, 8, 1 << 20))).containsExactly(0L, 3L, 7L);
    assertThat(firstOffsets(read(4, 8, 1 << 20))).containsExactly(3L, 7L);
    assertThat(firstOffsets(read(7, 8, 1 << 20))).containsExactly(7L);
    assertThat(read(4, 8, 1 << 20).get(0))
        .isEqualTo(new MessageBatch(4, 3, 20, Collections.nCopies(4, Message.of(new byte[1]))));
  }

  @Test
  void endsBeforeTheEndOffset() {
    for (int i = 0; i < 10; i++) {
      rows.addBatch(2, i);
    }
    assertThat(firstOffsets(read(2, 7, 1 << 20))).containsExactly(2L, 4L, 6L);
    assertThat(read(7, 7, 1 << 20)).isEmpty();
    assertThat(read(8, 7, 1 << 20)).isEmpty();
  }

  @Test
  void endsAtTheBytesButGivesOneBatch() {
    for (int i = 0; i < 10; i++) {
      rows.addBatch(1, i);
    }
    assertThat(read(3, 10, 1)).hasSize(1);
    assertThat(read(3, 10, 3 * ROW_BYTES)).hasSize(3);
  }

  /** One with neither messages nor an end in sight must not cost a walk over the whole log. */
  @Test
  void aTrimmedStartGivesTheOldestThatIsKept() {
    for (int i = 0; i < 1_000; i++) {
      rows.addBatch(2, i);
    }
    rows.trim(600);
    assertThat(firstOffsets(read(0, 2_000, 1))).containsExactly(1_200L);
    assertThat(read(0, 1_200, 1 << 20)).isEmpty();
    assertThat(rows.rowsRead).isLessThan(20_000);
    rows.rowsRead = 0;
    assertThat(read(1_201, 1_203, 1 << 20)).hasSize(2);
    assertThat(rows.readCount).isLessThan(60);
  }

  @Test
  void aTrimmedRangeBeforeTheOldestKeptIsNotSoughtInTheWholeLog() {
    for (int i = 0; i < 1_000; i++) {
      rows.addBatch(2, i);
    }
    rows.trim(10);
    assertThat(read(0, 5, ROW_BYTES)).isEmpty();
    assertThat(rows.readCount).isLessThan(60);
  }

  @Test
  void goesOnWhereItStoppedWithoutASearch() {
    for (int i = 0; i < 1_000; i++) {
      rows.addBatch(2, i);
    }
    long next = read(1_500, 2_000, 3 * ROW_BYTES).get(2).endOffset();
    rows.readCount = 0;
    assertThat(firstOffsets(read(next, 2_000, 1))).containsExactly(next);
    assertThat(rows.readCount).isEqualTo(1);
  }

  @Test
  void searchTakesAFewReadsInALongLog() {
    for (int i = 0; i < 50_000; i++) {
      rows.addBatch(1, i);
    }
    assertThat(firstOffsets(read(49_998, 50_000, 1))).containsExactly(49_998L);
    assertThat(rows.readCount).isLessThan(50);
  }

  /** Thousands of rows without messages: neither a read for each, nor a stack frame for each. */
  @Test
  void passesLongRunsOfOtherRows() {
    rows.addBatch(1, 1);
    for (int i = 0; i < 100_000; i++) {
      rows.addOther();
    }
    rows.addBatch(1, 2);
    assertThat(firstOffsets(read(1, 2, 1))).containsExactly(1L);
    assertThat(log.firstOffsetSince(2).toCompletableFuture().join()).isEqualTo(1);
  }

  @Test
  void prefersTheTail() {
    rows.addBatch(2, 1);
    tail.put(1, 0, new MessageBatch(0, 0, 1, List.of(Message.of(new byte[9]))));
    assertThat(read(0, 2, 1).get(0).messages().get(0).payload()).hasSize(9);
    assertThat(rows.readCount).isZero();
  }

  @Test
  void aReadThatFailsIsNotAnEmptyOne() {
    rows.addBatch(2, 1);
    rows.failure = new IOException("the disk is gone");
    assertThatThrownBy(() -> read(0, 2, 1))
        .isInstanceOf(CompletionException.class)
        .hasRootCauseMessage("the disk is gone");
    assertThatThrownBy(() -> log.firstOffsetSince(1).toCompletableFuture().join())
        .isInstanceOf(CompletionException.class);
  }

  @Test
  void findsTheFirstMessageSinceATime() {
    rows.addOther();
    rows.addBatch(2, 10);
    rows.addBatch(2, 10);
    rows.addOther();
    rows.addBatch(2, 20);
    assertThat(since(9)).isZero();
    assertThat(since(10)).isZero();
    assertThat(since(11)).isEqualTo(4);
    assertThat(since(20)).isEqualTo(4);
  }

  /**
   * Guards a subscription that starts at a time: a message which is stored between the search and
   * the opening is at or after that time, so it must not be behind the start.
   */
  @Test
  void theEndOfTheLogIsTheOneTheSearchSaw() {
    assertThat(since(5)).isZero();
    rows.addBatch(3, 10);
    assertThat(since(11)).isEqualTo(3);
  }

  /** Any log, any trim, any question, against a scan of all rows. */
  @Property(tries = 200)
  void findsWhatAScanFinds(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Rows many = new Rows();
    long at = 0;
    for (int i = random.nextInt(300); i > 0; i--) {
      at += random.nextInt(3);
      if (random.nextInt(4) == 0) {
        many.addOther();
      } else {
        many.addBatch(random.nextInt(1, 5), at);
      }
    }
    if (random.nextBoolean()) {
      many.trim(random.nextInt(300));
    }
    StoredMessageLog tested = new StoredMessageLog(1, 0, many, new TailCache(0, System::nanoTime));
    List<MessageBatch> kept = many.batches();
    for (int question = 0; question < 30; question++) {
      long from = random.nextLong(many.nextOffset + 1);
      long end = from + random.nextLong(many.nextOffset - from + 1);
      List<MessageBatch> all =
          kept.stream().filter(b -> b.endOffset() > from && b.firstOffset() < end).toList();
      List<MessageBatch> read =
          tested.read(from, end, random.nextInt(1, 1_000)).toCompletableFuture().join();
      assertThat(read).isEqualTo(from == end ? List.of() : all.subList(0, read.size()));
      assertThat(read.isEmpty()).isEqualTo(from == end || all.isEmpty());
      long millis = random.nextLong(at + 2);
      long end2 = kept.isEmpty() ? 0 : kept.get(kept.size() - 1).endOffset();
      assertThat(tested.firstOffsetSince(millis).toCompletableFuture().join())
          .isEqualTo(
              kept.stream()
                  .filter(b -> b.atMillis() >= millis)
                  .map(MessageBatch::firstOffset)
                  .findFirst()
                  .orElse(end2));
    }
  }

  private List<MessageBatch> read(long from, long end, long maxBytes) {
    return log.read(from, end, maxBytes).toCompletableFuture().join();
  }

  private long since(long millis) {
    return log.firstOffsetSince(millis).toCompletableFuture().join();
  }

  private static List<Long> firstOffsets(List<MessageBatch> batches) {
    return batches.stream().map(MessageBatch::firstOffset).toList();
  }

  /** Rows of a hundred bytes each, in memory. */
  private static final class Rows implements RowReader {
    private final TreeMap<Long, Row> rows = new TreeMap<>();
    private long nextOffset;
    private long lastSeqNr;
    private int readCount;
    private int rowsRead;
    private Exception failure;

    void addBatch(int count, long atMillis) {
      add(
          new MessagesAppended(
              nextOffset,
              atMillis,
              0,
              List.of(),
              Collections.nCopies(count, Message.of(new byte[1]))));
      nextOffset += count;
    }

    void addOther() {
      if (lastSeqNr % 2 == 0) {
        lastSeqNr++;
        rows.put(lastSeqNr, new Row(lastSeqNr, new LogRow.Checkpoint<>(1), ROW_BYTES));
      } else {
        add(new SubscriptionOpened(1, 0));
      }
    }

    private void add(QueueEvent event) {
      lastSeqNr++;
      rows.put(lastSeqNr, new Row(lastSeqNr, new LogRow.Entry<>(1, event), ROW_BYTES));
    }

    void trim(long toSeqNr) {
      rows.headMap(toSeqNr, true).clear();
    }

    List<MessageBatch> batches() {
      List<MessageBatch> batches = new ArrayList<>();
      for (Row row : rows.values()) {
        if (row.event() instanceof LogRow.Entry<?> entry
            && entry.event() instanceof MessagesAppended batch) {
          batches.add(
              new MessageBatch(
                  row.seqNr(), batch.firstOffset(), batch.atMillis(), batch.messages()));
        }
      }
      return batches;
    }

    @Override
    public CompletionStage<List<Row>> read(String pid, long from, long to, long maxBytes) {
      assertThat(pid).isEqualTo("queue|1|0");
      readCount++;
      if (failure != null) {
        return CompletableFuture.failedFuture(failure);
      }
      List<Row> read = new ArrayList<>();
      long bytes = 0;
      for (Map.Entry<Long, Row> row : rows.tailMap(from, true).entrySet()) {
        if (row.getKey() > to || (!read.isEmpty() && bytes + ROW_BYTES > maxBytes)) {
          break;
        }
        read.add(row.getValue());
        bytes += ROW_BYTES;
      }
      rowsRead += read.size();
      return CompletableFuture.completedFuture(read);
    }
  }
}
