package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.MessageLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Stored batches in a list, in the order of their offsets. */
final class MemoryLog implements MessageLog {
  private final List<MessageBatch> batches = new ArrayList<>();
  private int readCount;
  private boolean isSilent;

  synchronized MessageBatch append(long atMillis, List<Message> messages) {
    MessageBatch batch = new MessageBatch(batches.size() + 1, nextOffset(), atMillis, messages);
    batches.add(batch);
    return batch;
  }

  synchronized long nextOffset() {
    return batches.isEmpty() ? 0 : batches.get(batches.size() - 1).endOffset();
  }

  synchronized int readCount() {
    return readCount;
  }

  /** From now on no question is answered. */
  synchronized void fallSilent() {
    isSilent = true;
  }

  @Override
  public synchronized CompletionStage<Long> firstOffsetSince(long millis) {
    if (isSilent) {
      return new CompletableFuture<>();
    }
    return CompletableFuture.completedFuture(
        batches.stream()
            .filter(batch -> batch.atMillis() >= millis)
            .mapToLong(MessageBatch::firstOffset)
            .findFirst()
            .orElse(nextOffset()));
  }

  @Override
  public synchronized long startOffset() {
    return batches.isEmpty() ? 0 : batches.get(0).firstOffset();
  }

  /** Drops the batches that end at or before an offset. */
  synchronized void trim(long offset) {
    batches.removeIf(batch -> batch.endOffset() <= offset);
  }

  @Override
  public synchronized CompletionStage<List<MessageBatch>> read(
      long fromOffset, long endOffset, long maxBytes) {
    readCount++;
    if (isSilent) {
      return new CompletableFuture<>();
    }
    List<MessageBatch> found = new ArrayList<>();
    long bytes = 0;
    for (MessageBatch batch : batches) {
      if (batch.endOffset() > fromOffset && batch.firstOffset() < endOffset && bytes < maxBytes) {
        found.add(batch);
        bytes += batch.messages().stream().mapToLong(Message::weight).sum();
      }
    }
    return CompletableFuture.completedFuture(found);
  }
}
