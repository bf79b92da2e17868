package io.tidewheel.queue;

import io.tidewheel.journal.LogState;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import java.util.function.Consumer;

/**
 * Recounts the stored events of one queue: offsets without a gap, times that do not go back, the
 * sum of checksums that each batch names, and a result for each message of a batch.
 */
public final class QueueAudit {
  private final Consumer<String> finding;
  private boolean isKnown;
  private long nextOffset;
  private long lastAtMillis;
  private long checksum;
  private long messageCount;

  /**
   * An audit before its first event.
   *
   * @param isWhole whether the first event is the first of the queue; else counting begins at the
   *     first batch
   * @param finding takes what is wrong, a sentence each
   */
  public QueueAudit(boolean isWhole, Consumer<String> finding) {
    this.isKnown = isWhole;
    this.finding = finding;
  }

  /** Messages that were counted. */
  public long messageCount() {
    return messageCount;
  }

  /** The next event in order. */
  public void accept(QueueEvent event) {
    if (event instanceof MessagesAppended batch) {
      compareWithBefore(batch);
      compareResults(batch);
      isKnown = true;
      nextOffset = batch.firstOffset();
      checksum = batch.priorChecksum();
      lastAtMillis = batch.atMillis();
      for (Message message : batch.messages()) {
        checksum += message.checksumAt(nextOffset);
        nextOffset++;
        messageCount++;
      }
    }
  }

  private void compareWithBefore(MessagesAppended batch) {
    if (!isKnown) {
      return;
    }
    if (batch.firstOffset() != nextOffset) {
      finding.accept(
          "a batch begins at offset " + batch.firstOffset() + ", expected was " + nextOffset);
    } else if (batch.priorChecksum() != checksum) {
      finding.accept(
          "the batch at offset "
              + batch.firstOffset()
              + " names another checksum of all messages before it than they have");
    }
    if (batch.atMillis() < lastAtMillis) {
      finding.accept(
          "the batch at offset " + batch.firstOffset() + " is older than the one before");
    }
  }

  /** Of the messages that appends say were stored, each must be one of the batch. */
  private void compareResults(MessagesAppended batch) {
    long expected = batch.firstOffset();
    long end = expected + batch.messages().size();
    for (DecidedAppend append : batch.appends()) {
      for (long code : append.results().codes()) {
        if (code >= 0) {
          if (code != expected) {
            finding.accept(
                "an append in the batch at offset "
                    + batch.firstOffset()
                    + " names offset "
                    + code
                    + ", expected was "
                    + expected);
          }
          expected = code + 1;
        }
      }
    }
    if (expected != end) {
      finding.accept(
          "the batch at offset "
              + batch.firstOffset()
              + " has "
              + batch.messages().size()
              + " messages, its appends count "
              + (expected - batch.firstOffset()));
    }
  }

  /** Rows before the next event cannot be read: counting begins anew at the next batch. */
  public void restart() {
    isKnown = false;
  }

  /** Compares a snapshot with the events up to it; one of another family says nothing. */
  public void compare(LogState<?> state) {
    if (isKnown
        && state instanceof QueueState snapshot
        && (snapshot.nextOffset() != nextOffset || snapshot.checksum() != checksum)) {
      finding.accept(
          "a snapshot counts "
              + snapshot.nextOffset()
              + " messages, the events up to it "
              + nextOffset
              + (snapshot.nextOffset() == nextOffset ? ", with another checksum" : ""));
    }
  }
}
