package io.tidewheel.queue;

import io.tidewheel.journal.LogState;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a queue knows without its messages: cursors, counters, senders, ids and who reads it. Its
 * size does not depend on how many messages wait.
 *
 * <p>Invariants: offsets are given in order and never twice; {@code lastAtMillis} never falls; the
 * start never falls and is never beyond the end; a deleted queue changes no more.
 */
final class QueueState implements LogState<QueueEvent> {
  /** A late opening is at most as old as the time limit of a call: far fewer are closed in it. */
  static final int MAX_CLOSED = 256;

  private long nextOffset;
  private long lastAtMillis;
  private long checksum;
  private long storedBytes;
  private boolean isDeleted;
  private LogMark start = LogMark.ORIGIN;
  private final LogMarks marks = new LogMarks();
  private final SortedMap<Long, Long> openSubscriptions = new TreeMap<>();

  /** In the order they were closed. */
  private final LinkedHashSet<Long> closedSubscriptions = new LinkedHashSet<>();

  private final SenderTable senders = new SenderTable();
  private final IdWindow ids = new IdWindow();

  /** A queue before its first message. */
  QueueState() {}

  /** A queue as a snapshot has it; senders and ids are put back by the codec. */
  QueueState(
      long nextOffset, long lastAtMillis, long checksum, long storedBytes, boolean isDeleted) {
    this.nextOffset = nextOffset;
    this.lastAtMillis = lastAtMillis;
    this.checksum = checksum;
    this.storedBytes = storedBytes;
    this.isDeleted = isDeleted;
  }

  @Override
  public void apply(QueueEvent event) {
    if (isDeleted) {
      throw new IllegalStateException("a deleted queue stored " + event.getClass().getSimpleName());
    }
    event.applyTo(this);
  }

  @Override
  public long position() {
    return nextOffset;
  }

  void onMessagesAppended(QueueEvent.MessagesAppended event) {
    if (event.firstOffset() != nextOffset
        || event.atMillis() < lastAtMillis
        || event.priorChecksum() != checksum) {
      throw new IllegalStateException(
          "expected a batch from offset "
              + nextOffset
              + " with the checksum of all before, but got one from offset "
              + event.firstOffset());
    }
    lastAtMillis = event.atMillis();
    List<Message> messages = event.messages();
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      checksum += message.checksumAt(nextOffset);
      String id = message.id();
      if (id != null) {
        ids.add(IdWindow.IdHash.of(id), nextOffset, IdWindow.bodyOf(message), lastAtMillis);
      }
      storedBytes += message.payload().length;
      nextOffset++;
    }
    for (DecidedAppend append : event.appends()) {
      senders.store(append.sender(), append.number(), append.results());
    }
  }

  void onSubscriptionOpened(QueueEvent.SubscriptionOpened event) {
    openSubscriptions.put(event.subscriptionUid(), event.startOffset());
  }

  void onSubscriptionClosed(QueueEvent.SubscriptionClosed event) {
    openSubscriptions.remove(event.subscriptionUid());
    rememberClosed(event.subscriptionUid());
  }

  private void rememberClosed(long subscriptionUid) {
    closedSubscriptions.add(subscriptionUid);
    if (closedSubscriptions.size() > MAX_CLOSED) {
      closedSubscriptions.remove(closedSubscriptions.iterator().next());
    }
  }

  void onTrimmed(QueueEvent.Trimmed event) {
    if (event.startOffset() <= start.offset() || event.startOffset() > nextOffset) {
      throw new IllegalStateException(
          "a log from " + start.offset() + " to " + nextOffset + " was to begin at " + event);
    }
    restoreStart(event.startOffset(), event.rowsUpTo(), event.startBytes());
  }

  /** Marks the place: up to here the log may be trimmed one day. */
  @Override
  public void onCheckpoint(long seqNr) {
    if (nextOffset > start.offset()) {
      marks.add(new LogMark(nextOffset, seqNr, storedBytes, lastAtMillis));
    }
  }

  void onQueueDeleted() {
    isDeleted = true;
    openSubscriptions.clear();
  }

  /** The offset that the next message gets. */
  long nextOffset() {
    return nextOffset;
  }

  /** When the newest batch was stored, in wall-clock milliseconds. */
  long lastAtMillis() {
    return lastAtMillis;
  }

  /** Sum of the checksums of all messages ever stored. */
  long checksum() {
    return checksum;
  }

  /** Payload bytes of all messages ever stored. */
  long storedBytes() {
    return storedBytes;
  }

  /** The oldest place that is kept; its row is the last one that is not. */
  LogMark start() {
    return start;
  }

  /** Checkpoints behind the start. */
  LogMarks marks() {
    return marks;
  }

  boolean isDeleted() {
    return isDeleted;
  }

  /** Start offsets by the uid of the subscription. */
  SortedMap<Long, Long> openSubscriptions() {
    return Collections.unmodifiableSortedMap(openSubscriptions);
  }

  /**
   * Whether the subscription was among the last to be closed: an opening of it that comes late is
   * refused, or it would pin the log for ever.
   */
  boolean isClosed(long subscriptionUid) {
    return closedSubscriptions.contains(subscriptionUid);
  }

  /** The subscriptions closed last, oldest first. */
  Collection<Long> closedSubscriptions() {
    return Collections.unmodifiableCollection(closedSubscriptions);
  }

  SenderTable senders() {
    return senders;
  }

  IdWindow ids() {
    return ids;
  }

  /** Begins the log here. */
  void restoreStart(long offset, long seqNr, long bytes) {
    start = new LogMark(offset, seqNr, bytes, 0);
    marks.dropUpTo(offset);
  }

  /** Puts a subscription back as a snapshot had it. */
  void restoreSubscription(long subscriptionUid, long startOffset) {
    openSubscriptions.put(subscriptionUid, startOffset);
  }

  /** Puts a closed subscription back as a snapshot had it; they come oldest first. */
  void restoreClosed(long subscriptionUid) {
    rememberClosed(subscriptionUid);
  }
}
