package io.tidewheel.queue;

import io.tidewheel.catalog.Topic;
import io.tidewheel.journal.RowReader;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Browses through the tail cache and the journal, past the queues: it wakes and delays none. */
public final class LogBrowser implements Browser {
  private final RowReader rows;
  private final TailCache tail;

  public LogBrowser(RowReader rows, TailCache tail) {
    this.rows = rows;
    this.tail = tail;
  }

  @Override
  public CompletionStage<List<MessageBatch>> read(
      Topic topic, int queue, long fromOffset, long endOffset, long maxBytes) {
    return log(topic, queue).read(fromOffset, endOffset, maxBytes);
  }

  @Override
  public CompletionStage<Long> firstOffsetSince(Topic topic, int queue, long millis) {
    return log(topic, queue).firstOffsetSince(millis);
  }

  private StoredMessageLog log(Topic topic, int queue) {
    return new StoredMessageLog(topic.uid(), queue, rows, tail);
  }
}
