package io.tidewheel.queue;

import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.RowReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
  private static final long FIRST_SEQ_NR = 1;

  /** How much is read at once to get past rows without messages. */
  private static final long SKIP_BYTES = 64 << 10;

  private final long topicUid;
  private final int queue;
  private final RowReader rows;
  private final TailCache tail;
  private final LogExtent extent;

  private final ReadMarks marks = new ReadMarks();

  /** Rows that begin at these offsets, as far as the queue knows; replaced as a whole. */
  private volatile NavigableMap<Long, Long> checkpoints = new TreeMap<>();

  /** Where the log begins. */
  private volatile ReadMarks.Mark start = new ReadMarks.Mark(0, FIRST_SEQ_NR);

  StoredMessageLog(long topicUid, int queue, RowReader rows, TailCache tail) {
    this(topicUid, queue, rows, tail, new LogExtent());
  }

  /** With what is known of its bytes. */
  StoredMessageLog(long topicUid, int queue, RowReader rows, TailCache tail, LogExtent extent) {
    this.extent = extent;
    this.topicUid = topicUid;
    this.queue = queue;
    this.rows = rows;
    this.tail = tail;
  }

  @Override
  public long offsetOfNewest(long bytes) {
    return extent.offsetOfNewest(bytes);
  }

  /**
   * The log begins here, and has these marks.
   *
   * @param from the mark of which the row is the last one that is not kept
   */
  void startAt(LogMark from, List<LogMark> known) {
    NavigableMap<Long, Long> rows = new TreeMap<>();
    for (LogMark mark : known) {
      if (mark.seqNr() > 0) {
        rows.put(mark.offset(), mark.seqNr() + 1);
      }
    }
    checkpoints = rows;
    start = new ReadMarks.Mark(from.offset(), from.seqNr() + 1);
  }

  @Override
  public long startOffset() {
    return start.offset();
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
                if (batch != null && batch.firstOffset() >= range.endOffset) {
                  return CompletableFuture.completedFuture(remember(collected));
                }
                if (batch != null && batch.endOffset() > range.fromOffset) {
                  collected.add(batch);
                }
              }
              return collected.isEmpty() && !read.isEmpty()
                  ? collect(read.get(read.size() - 1).seqNr() + 1, range, collected)
                  : CompletableFuture.completedFuture(remember(collected));
            });
  }

  private List<MessageBatch> remember(List<MessageBatch> collected) {
    if (!collected.isEmpty()) {
      MessageBatch last = collected.get(collected.size() - 1);
      marks.put(last.endOffset(), last.seqNr() + 1);
    }
    return collected;
  }

  /**
   * The offset of the first message stored at or after a time; the end of the log if there is none
   * yet, so that one which comes during the search is not missed.
   */
  @Override
  public CompletionStage<Long> firstOffsetSince(long millis) {
    ReadMarks.Mark from = start;
    return gallop(new Target(MessageBatch::atMillis, millis - 1), from.seqNr(), 1)
        .thenCompose(seqNr -> firstOffsetSince(seqNr, millis, from.offset()));
  }

  private CompletionStage<Long> firstOffsetSince(long seqNr, long millis, long end) {
    return firstBatchFrom(seqNr)
        .thenCompose(
            batch -> {
              if (batch == null) {
                return CompletableFuture.completedFuture(end);
              }
              return batch.atMillis() >= millis
                  ? CompletableFuture.completedFuture(batch.firstOffset())
                  : firstOffsetSince(batch.seqNr() + 1, millis, batch.endOffset());
            });
  }

  /** A row at or before the batch that holds the offset, and near it. */
  private CompletionStage<Long> rowBefore(long offset) {
    ReadMarks.Mark mark = nearest(offset);
    if (mark.offset() >= offset) {
      return CompletableFuture.completedFuture(mark.seqNr());
    }
    long known = mark.seqNr();
    return gallop(new Target(MessageBatch::firstOffset, offset), known, 1);
  }

  /** The last place known at or before an offset, but never one before the start of the log. */
  private ReadMarks.Mark nearest(long offset) {
    ReadMarks.Mark nearest = start;
    ReadMarks.Mark read = marks.atOrBefore(offset);
    if (read != null && read.seqNr() > nearest.seqNr()) {
      nearest = read;
    }
    Map.Entry<Long, Long> checkpoint = checkpoints.floorEntry(offset);
    return checkpoint != null && checkpoint.getValue() > nearest.seqNr()
        ? new ReadMarks.Mark(checkpoint.getKey(), checkpoint.getValue())
        : nearest;
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
    return firstBatchFrom(seqNr, 1);
  }

  private CompletionStage<@Nullable MessageBatch> firstBatchFrom(long seqNr, long maxBytes) {
    return rows.read(QueueLog.persistenceId(topicUid, queue), seqNr, Long.MAX_VALUE, maxBytes)
        .thenCompose(
            read -> {
              for (RowReader.Row row : read) {
                MessageBatch batch = batchOf(row);
                if (batch != null) {
                  return CompletableFuture.<@Nullable MessageBatch>completedFuture(batch);
                }
              }
              return read.isEmpty()
                  ? CompletableFuture.<@Nullable MessageBatch>completedFuture(null)
                  : firstBatchFrom(read.get(read.size() - 1).seqNr() + 1, SKIP_BYTES);
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
