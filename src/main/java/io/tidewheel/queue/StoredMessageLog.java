package io.tidewheel.queue;

import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.RowReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads a queue's batches from the tail cache, else from its journal.
 *
 * <p>Offsets grow with the sequence number, so the row of an offset is found by search: readers go
 * on where they stopped, which is remembered; for any other offset the distance from a known row is
 * doubled until the offset is passed, then halved.
 */
final class StoredMessageLog implements MessageLog {
  /** Where readers go on; a queue has few readers, and a lost mark only costs a search. */
  private static final int MAX_MARKS = 64;

  private static final long FIRST_SEQ_NR = 1;

  private final long topicUid;
  private final int queue;
  private final RowReader rows;
  private final TailCache tail;

  /** Offset of a batch to the number of its row. */
  private final ConcurrentNavigableMap<Long, Long> marks = new ConcurrentSkipListMap<>();

  StoredMessageLog(long topicUid, int queue, RowReader rows, TailCache tail) {
    this.topicUid = topicUid;
    this.queue = queue;
    this.rows = rows;
    this.tail = tail;
  }

  @Override
  public CompletionStage<List<MessageBatch>> read(long fromOffset, long endOffset, long maxBytes) {
    if (fromOffset >= endOffset) {
      return CompletableFuture.completedFuture(List.of());
    }
    List<MessageBatch> cached = tail.read(topicUid, queue, fromOffset, endOffset, maxBytes);
    if (!cached.isEmpty()) {
      return CompletableFuture.completedFuture(cached);
    }
    return rowBefore(fromOffset)
        .thenCompose(
            seqNr -> collect(seqNr, new Range(fromOffset, endOffset, maxBytes), new ArrayList<>()));
  }

  private record Range(long fromOffset, long endOffset, long maxBytes) {}

  /** Reads on from a row until the range is full or the log ends. */
  private CompletionStage<List<MessageBatch>> collect(
      long seqNr, Range range, List<MessageBatch> collected) {
    return rows.read(QueueLog.persistenceId(topicUid, queue), seqNr, Long.MAX_VALUE, range.maxBytes)
        .thenCompose(
            read -> {
              for (RowReader.Row row : read) {
                MessageBatch batch = batchOf(row);
                if (batch != null
                    && batch.endOffset() > range.fromOffset
                    && batch.firstOffset() < range.endOffset) {
                  collected.add(batch);
                }
              }
              if (!collected.isEmpty() || read.isEmpty()) {
                remember(collected);
                return CompletableFuture.completedFuture(collected);
              }
              return collect(read.get(read.size() - 1).seqNr() + 1, range, collected);
            });
  }

  private void remember(List<MessageBatch> collected) {
    if (collected.isEmpty()) {
      return;
    }
    MessageBatch last = collected.get(collected.size() - 1);
    marks.put(last.endOffset(), last.seqNr() + 1);
    while (marks.size() > MAX_MARKS) {
      marks.pollFirstEntry();
    }
  }

  /**
   * The offset of the first message stored at or after a time; {@link Long#MAX_VALUE} if there is
   * none yet.
   */
  CompletionStage<Long> firstOffsetSince(long millis) {
    return gallop(new Target(MessageBatch::atMillis, millis - 1), FIRST_SEQ_NR, 1)
        .thenCompose(seqNr -> firstOffsetSince(seqNr, millis));
  }

  private CompletionStage<Long> firstOffsetSince(long seqNr, long millis) {
    return firstBatchFrom(seqNr)
        .thenCompose(
            batch -> {
              if (batch == null) {
                return CompletableFuture.completedFuture(Long.MAX_VALUE);
              }
              return batch.atMillis() >= millis
                  ? CompletableFuture.completedFuture(batch.firstOffset())
                  : firstOffsetSince(batch.seqNr() + 1, millis);
            });
  }

  /** A row at or before the batch that holds the offset, and near it. */
  private CompletionStage<Long> rowBefore(long offset) {
    Map.Entry<Long, Long> mark = marks.floorEntry(offset);
    if (mark != null && mark.getKey() == offset) {
      return CompletableFuture.completedFuture(mark.getValue());
    }
    long known = mark == null ? FIRST_SEQ_NR : mark.getValue();
    return gallop(new Target(MessageBatch::firstOffset, offset), known, 1);
  }

  /** The last batch whose measure, which grows with the rows, is at most {@code most}. */
  private record Target(ToLongFunction<MessageBatch> measure, long most) {
    boolean isAtOrBefore(@Nullable MessageBatch batch) {
      return batch != null && measure.applyAsLong(batch) <= most;
    }
  }

  private CompletionStage<Long> gallop(Target target, long low, long step) {
    return firstBatchFrom(low + step)
        .thenCompose(
            batch ->
                target.isAtOrBefore(batch)
                    ? gallop(target, low + step, step * 2)
                    : bisect(target, low, low + step));
  }

  /** The row is at {@code low} or above, and below {@code high}. */
  private CompletionStage<Long> bisect(Target target, long low, long high) {
    if (high - low <= 1) {
      return CompletableFuture.completedFuture(low);
    }
    long middle = low + (high - low) / 2;
    return firstBatchFrom(middle)
        .thenCompose(
            batch ->
                target.isAtOrBefore(batch)
                    ? bisect(target, middle, high)
                    : bisect(target, low, middle));
  }

  /** The first batch at or after a row; null if there is none. */
  private CompletionStage<@Nullable MessageBatch> firstBatchFrom(long seqNr) {
    return rows.read(QueueLog.persistenceId(topicUid, queue), seqNr, Long.MAX_VALUE, 1)
        .thenCompose(
            read -> {
              if (read.isEmpty()) {
                return CompletableFuture.<@Nullable MessageBatch>completedFuture(null);
              }
              RowReader.Row row = read.get(0);
              MessageBatch batch = batchOf(row);
              return batch == null
                  ? firstBatchFrom(row.seqNr() + 1)
                  : CompletableFuture.completedFuture(batch);
            });
  }

  private static @Nullable MessageBatch batchOf(RowReader.Row row) {
    boolean isBatch =
        row.event() instanceof LogRow.Entry<?> entry
            && entry.event() instanceof QueueEvent.MessagesAppended;
    if (!isBatch) {
      return null;
    }
    QueueEvent.MessagesAppended appended =
        (QueueEvent.MessagesAppended) ((LogRow.Entry<?>) row.event()).event();
    return new MessageBatch(
        row.seqNr(), appended.firstOffset(), appended.atMillis(), appended.messages());
  }
}
