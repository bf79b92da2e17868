package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import io.tidewheel.queue.QueueEvent.QueueDeleted;
import io.tidewheel.queue.QueueEvent.SubscriptionClosed;
import io.tidewheel.queue.QueueEvent.SubscriptionOpened;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QueueStateTest {
  private static final SenderId SENDER = new SenderId(1, 2);
  private static final Message MESSAGE = Message.of(new byte[] {1, 2, 3}).withId("a");

  private final QueueState state = new QueueState();

  @Test
  void aNewQueueIsEmpty() {
    assertThat(state.nextOffset()).isZero();
    assertThat(state.position()).isZero();
    assertThat(state.checksum()).isZero();
    assertThat(state.openSubscriptions()).isEmpty();
    assertThat(state.isDeleted()).isFalse();
  }

  @Test
  void aBatchMovesAllCounters() {
    state.apply(batch(0, 1_000, 0));
    assertThat(state.nextOffset()).isEqualTo(2);
    assertThat(state.position()).isEqualTo(2);
    assertThat(state.lastAtMillis()).isEqualTo(1_000);
    assertThat(state.storedBytes()).isEqualTo(6);
    assertThat(state.checksum()).isEqualTo(MESSAGE.checksumAt(0) + MESSAGE.checksumAt(1));
    assertThat(state.senders().window(SENDER).resultsOf(1)).isEqualTo(AppendResults.stored(0, 2));
    assertThat(state.ids().find(IdWindow.IdHash.of("a"), 0, 10))
        .isEqualTo(new IdWindow.Entry(1, IdWindow.bodyOf(MESSAGE)));
  }

  static List<MessagesAppended> impossibleBatches() {
    long checksum = MESSAGE.checksumAt(0) + MESSAGE.checksumAt(1);
    return List.of(
        batch(1, 1_000, checksum), // an offset again
        batch(3, 1_000, checksum), // a gap
        batch(2, 999, checksum), // time falls
        batch(2, 1_000, checksum + 1)); // other messages before
  }

  @ParameterizedTest
  @MethodSource("impossibleBatches")
  void refusesABatchThatDoesNotContinueTheLog(MessagesAppended impossible) {
    state.apply(batch(0, 1_000, 0));
    assertThatThrownBy(() -> state.apply(impossible))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("from offset 2");
  }

  @Test
  void opensAndClosesSubscriptions() {
    state.apply(new SubscriptionOpened(7, 3));
    state.apply(new SubscriptionOpened(5, 0));
    assertThat(state.openSubscriptions()).containsEntry(7L, 3L).containsEntry(5L, 0L);
    state.apply(new SubscriptionClosed(7));
    state.apply(new SubscriptionClosed(99));
    assertThat(state.openSubscriptions()).containsOnlyKeys(5L);
    assertThat(state.isClosed(7)).isTrue();
    assertThat(state.isClosed(99)).isTrue();
    assertThat(state.isClosed(5)).isFalse();
  }

  @Test
  void remembersABoundedNumberOfClosings() {
    for (int uid = 1; uid <= QueueState.MAX_CLOSED + 1; uid++) {
      state.apply(new SubscriptionClosed(uid));
    }
    assertThat(state.closedSubscriptions()).hasSize(QueueState.MAX_CLOSED);
    assertThat(state.isClosed(1)).isFalse();
    assertThat(state.isClosed(QueueState.MAX_CLOSED + 1)).isTrue();
  }

  @Test
  void aDeletedQueueChangesNoMore() {
    state.apply(new SubscriptionOpened(7, 0));
    state.apply(new QueueDeleted());
    assertThat(state.isDeleted()).isTrue();
    assertThat(state.openSubscriptions()).isEmpty();
    assertThatThrownBy(() -> state.apply(batch(0, 1, 0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("MessagesAppended");
  }

  @Test
  void eventsWeighTheirMessages() {
    assertThat(batch(0, 1, 0).weight())
        .isGreaterThan(2 * MESSAGE.weight())
        .isLessThan(2 * MESSAGE.weight() + 200);
    assertThat(new QueueDeleted().weight()).isPositive();
    assertThat(new SubscriptionOpened(1, 1).weight()).isPositive();
    assertThat(new SubscriptionClosed(1).weight()).isPositive();
  }

  private static MessagesAppended batch(long firstOffset, long atMillis, long priorChecksum) {
    return new MessagesAppended(
        firstOffset,
        atMillis,
        priorChecksum,
        List.of(new DecidedAppend(SENDER, 1, AppendResults.stored(firstOffset, 2))),
        List.of(MESSAGE, MESSAGE));
  }
}
