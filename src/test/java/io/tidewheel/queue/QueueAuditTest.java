package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueueAuditTest {
  private final List<String> findings = new ArrayList<>();
  private final QueueAudit audit = new QueueAudit(true, findings::add);
  private final QueueState state = new QueueState();

  @Test
  void findsNothingInWhatAQueueStores() {
    store(batch(3, 3));
    store(batch(2, 2));
    audit.compare(state);
    assertThat(findings).isEmpty();
    assertThat(audit.messageCount()).isEqualTo(5);
  }

  @Test
  void namesABatchWhoseAppendsCountOtherMessages() {
    audit.accept(batch(3, 2));
    assertThat(findings)
        .containsExactly("the batch at offset 0 has 3 messages, its appends count 2");
  }

  @Test
  void namesABatchThatLeavesOffsetsOut() {
    store(batch(3, 3));
    audit.accept(new MessagesAppended(4, 10, state.checksum(), List.of(), List.of()));
    assertThat(findings).containsExactly("a batch begins at offset 4, expected was 3");
  }

  @Test
  void namesABatchWithAnotherChecksumThanTheMessagesBefore() {
    store(batch(3, 3));
    audit.accept(new MessagesAppended(3, 10, state.checksum() + 1, List.of(), List.of()));
    assertThat(findings).singleElement().asString().contains("offset 3", "checksum");
  }

  @Test
  void namesASnapshotThatCountsOtherMessages() {
    store(batch(3, 3));
    audit.compare(new QueueState(2, 0, 0, 0, false));
    assertThat(findings).containsExactly("a snapshot counts 2 messages, the events up to it 3");
  }

  /** Without the rows before, there is nothing to compare with until the next batch. */
  @Test
  void beginsAtAnyBatch() {
    QueueAudit later = new QueueAudit(false, findings::add);
    store(batch(3, 3));
    MessagesAppended second = batch(2, 2);
    later.accept(second);
    state.apply(second);
    later.accept(batch(1, 1));
    assertThat(findings).isEmpty();
  }

  private void store(MessagesAppended batch) {
    audit.accept(batch);
    state.apply(batch);
  }

  private MessagesAppended batch(int messages, int counted) {
    List<Message> all = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      all.add(Message.of(new byte[] {(byte) i}));
    }
    long first = state.nextOffset();
    DecidedAppend append =
        new DecidedAppend(new SenderId(1, 2), first + 1, AppendResults.stored(first, counted));
    return new MessagesAppended(first, 10, state.checksum(), List.of(append), all);
  }
}
