package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import io.tidewheel.message.Message;
import org.jspecify.annotations.Nullable;

/**
 * Passes on what the log has: to the readers, to what the front knows of the log, and to its
 * upkeep. Part of the queue's actor; not thread-safe.
 */
final class QueueNews implements QueueWriter.Listener {
  private final ActorContext<Queue.Command> context;
  private final long topicUid;
  private final int queue;
  private final Queue.Dependencies node;
  private final StoredMessageLog log;
  private final LogExtent extent;
  private final QueueReaders readers;
  private final QueueUpkeep upkeep;
  private final EarlyCommands early;

  QueueNews(
      ActorContext<Queue.Command> context,
      long topicUid,
      int queue,
      Queue.Dependencies node,
      StoredMessageLog log,
      LogExtent extent,
      QueueReaders readers,
      QueueUpkeep upkeep,
      EarlyCommands early) {
    this.context = context;
    this.topicUid = topicUid;
    this.queue = queue;
    this.node = node;
    this.log = log;
    this.extent = extent;
    this.readers = readers;
    this.upkeep = upkeep;
    this.early = early;
  }

  @Override
  public void onLoaded(QueueLog.Loaded loaded) {
    boolean hasNews = loaded.end().offset() > extent.end().offset();
    extent.load(loaded);
    log.startAt(loaded.start(), loaded.marks());
    if (hasNews) {
      // Recovered batches were never passed on: what timed out may have been stored.
      readers.tellAll(new Reader.Extended(extent.end().offset()));
    }
    upkeep.onLoaded();
    loaded.openSubscriptions().forEach(this::onOpened);
    early.giveBackTo(context.getSelf());
  }

  @Override
  public void onStored(MessageBatch batch) {
    long payloadBytes = 0;
    long checksum = 0;
    long offset = batch.firstOffset();
    for (Message message : batch.messages()) {
      payloadBytes += message.payload().length;
      checksum += message.checksumAt(offset);
      offset++;
    }
    extent.append(batch.endOffset(), payloadBytes, checksum, batch.atMillis());
    upkeep.onStored();
    node.tail().put(topicUid, queue, batch);
    readers.tellAll(new Reader.Appended(batch));
  }

  @Override
  public void onOpened(long subscriptionUid, long startOffset) {
    extent.open(subscriptionUid, startOffset);
    if (!upkeep.isStopping()) {
      ActorRef<Queue.Command> self = context.getSelf();
      readers.start(
          new Reader.Context(
              topicUid, queue, subscriptionUid, startOffset, extent.end().offset(), log, self),
          node.readers());
    }
  }

  @Override
  public void onClosed(long subscriptionUid) {
    extent.close(subscriptionUid);
    upkeep.onClosed(subscriptionUid);
    // A recovery between the reader's end and this write has started another one.
    readers.tell(subscriptionUid, new Reader.Stop());
  }

  @Override
  public void onTrimmed(QueueLog.@Nullable TrimDone done) {
    if (done != null && done.start().offset() > extent.start().offset()) {
      extent.trimTo(done.start());
      log.startAt(done.start(), extent.marks());
    }
    upkeep.onTrimmed(done);
  }

  @Override
  public void onDeleted() {
    readers.tellAll(new Reader.Stop());
  }
}
