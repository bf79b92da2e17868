package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.SumCodec.Added;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rows are written {@code epoch:what}: O opens (after the epoch behind it), a number is a fact. */
class RowChainTest {
  private final List<LogRow<Added>> applied = new ArrayList<>();

  private static LogRow<Added> opened(long epoch) {
    return new LogRow.Opened<>(epoch, "node", epoch - 1, 0);
  }

  private static LogRow<Added> fact(long epoch, int number) {
    return new LogRow.Entry<>(epoch, new Added(number));
  }

  private RowChain<Added> replay(RowChain<Added> chain, Object... seqNrsAndRows) {
    for (int i = 0; i < seqNrsAndRows.length; i += 2) {
      @SuppressWarnings("unchecked")
      LogRow<Added> row = (LogRow<Added>) seqNrsAndRows[i + 1];
      chain.accept((Integer) seqNrsAndRows[i], row, applied::add);
    }
    return chain;
  }

  private RowChain<Added> replayAll(Object... seqNrsAndRows) {
    RowChain<Added> chain = replay(new RowChain<>(0, false), seqNrsAndRows);
    chain.finish(applied::add);
    return chain;
  }

  @Test
  void appliesRowsOfOneWriterInOrder() {
    RowChain<Added> chain =
        replayAll(1, opened(1), 2, fact(1, 5), 3, opened(2), 4, opened(3), 5, fact(3, 6));

    assertThat(applied).containsExactly(opened(1), fact(1, 5), opened(2), opened(3), fact(3, 6));
    assertThat(chain.epoch()).isEqualTo(3);
    assertThat(chain.droppedRowCount()).isZero();
  }

  @Test
  void anEmptyLogHasNoRows() {
    assertThat(replayAll().epoch()).isZero();
    assertThat(applied).isEmpty();
  }

  @Test
  void holdsTheNewestRowUntilTheNextOneSettlesIt() {
    RowChain<Added> chain = replay(new RowChain<>(0, false), 1, opened(1), 2, fact(1, 5));
    assertThat(applied).containsExactly(opened(1));
    chain.finish(applied::add);
    assertThat(applied).hasSize(2);
  }

  /** The owner of epoch 1 died while its row 3 was on its way; epoch 2 opened without seeing it. */
  @Test
  void dropsALateRowThatIsReadBeforeTheOpenedThatDidNotSeeIt() {
    RowChain<Added> chain =
        replayAll(1, opened(1), 2, fact(1, 5), 3, fact(1, 100), 3, opened(2), 4, fact(2, 6));

    assertThat(applied).containsExactly(opened(1), fact(1, 5), opened(2), fact(2, 6));
    assertThat(chain.droppedRowCount()).isEqualTo(1);
  }

  @Test
  void dropsALateRowThatIsReadAfterTheOpenedThatDidNotSeeIt() {
    replayAll(1, opened(1), 2, fact(1, 5), 3, opened(2), 3, fact(1, 100), 4, fact(2, 6));

    assertThat(applied).containsExactly(opened(1), fact(1, 5), opened(2), fact(2, 6));
  }

  /** Nothing was written after the collision: the next owner took what it read, and said so. */
  @Test
  void keepsALateRowThatTheNextOwnerNamesAsWhatItReadLast() {
    LogRow<Added> opensAfterLateRow = new LogRow.Opened<>(2, "c", 1, 0);
    RowChain<Added> chain =
        replayAll(
            1,
            opened(1),
            2,
            fact(1, 5),
            3,
            opened(2),
            3,
            fact(1, 100),
            4,
            opensAfterLateRow,
            5,
            fact(2, 6));

    assertThat(applied)
        .containsExactly(opened(1), fact(1, 5), fact(1, 100), opensAfterLateRow, fact(2, 6));
    assertThat(chain.droppedRowCount()).isEqualTo(1);
  }

  @Test
  void dropsALateRowWhenTheNextOwnerNamesTheOpened() {
    replayAll(1, opened(1), 2, fact(1, 5), 3, fact(1, 100), 3, opened(2), 4, opened(3));

    assertThat(applied).containsExactly(opened(1), fact(1, 5), opened(2), opened(3));
  }

  @Test
  void takesTheRowReadLastAtTheEndOfTheLog() {
    RowChain<Added> chain = replayAll(1, opened(1), 2, fact(1, 5), 2, opened(2));
    assertThat(applied).containsExactly(opened(1), opened(2));
    assertThat(chain.epoch()).isEqualTo(2);

    applied.clear();
    chain = replayAll(1, opened(1), 2, opened(2), 2, fact(1, 5));
    assertThat(applied).containsExactly(opened(1), fact(1, 5));
    assertThat(chain.epoch()).isEqualTo(1);
  }

  @Test
  void settlesCollisionsInARowFromTheirEnd() {
    RowChain<Added> chain =
        replayAll(
            1,
            opened(1),
            2,
            fact(1, 100),
            2,
            opened(2),
            3,
            fact(2, 200),
            3,
            opened(3),
            4,
            fact(3, 300),
            4,
            opened(4),
            5,
            fact(4, 7));

    assertThat(applied).containsExactly(opened(1), opened(2), opened(3), opened(4), fact(4, 7));
    assertThat(chain.droppedRowCount()).isEqualTo(3);
  }

  @Test
  void refusesRowsThatDoNotContinueEachOther() {
    assertThatThrownBy(() -> replayAll(1, opened(1), 2, fact(2, 5)))
        .isInstanceOf(BrokenChainException.class)
        .hasMessage("row 2 continues epoch 2, but the row before it was written in epoch 1");
    assertThatThrownBy(() -> replayAll(1, opened(1), 2, fact(1, 5), 2, opened(2), 3, fact(4, 6)))
        .isInstanceOf(BrokenChainException.class)
        .hasMessageContaining("row 3 continues epoch 4");
  }

  @Test
  void refusesALogThatDoesNotBeginWithItsBeginning() {
    assertThatThrownBy(() -> replayAll(7, fact(3, 5), 8, fact(3, 6)))
        .isInstanceOf(BrokenChainException.class);
  }

  @Test
  void refusesAGap() {
    assertThatThrownBy(() -> replayAll(1, opened(1), 3, fact(1, 5)))
        .isInstanceOf(BrokenChainException.class)
        .hasMessage("row 3 follows row 1: rows are missing");
  }

  @Test
  void continuesFromASnapshotOfTheSameEpoch() {
    replay(new RowChain<>(4, true), 11, fact(4, 5), 12, fact(4, 6)).finish(applied::add);
    assertThat(applied).containsExactly(fact(4, 5), fact(4, 6));
  }

  /** The snapshot's own row, a checkpoint of epoch 4, lost against an Opened at its number. */
  @Test
  void acceptsANewerEpochDirectlyAfterASnapshot() {
    replay(new RowChain<>(4, true), 11, fact(5, 5), 12, opened(6)).finish(applied::add);
    assertThat(applied).containsExactly(fact(5, 5), opened(6));
  }

  @Test
  void acceptsNeitherAnOlderEpochAfterASnapshotNorANewerOneLater() {
    assertThatThrownBy(() -> replay(new RowChain<>(4, true), 11, fact(3, 5)).finish(applied::add))
        .isInstanceOf(BrokenChainException.class);
    assertThatThrownBy(
            () ->
                replay(new RowChain<>(4, true), 11, fact(4, 5), 12, fact(5, 6))
                    .finish(applied::add))
        .isInstanceOf(BrokenChainException.class);
  }

  @Test
  void refusesADoubtThatGoesOnForTooLong() {
    RowChain<Added> chain = replay(new RowChain<>(0, false), 1, opened(1));
    for (int seqNr = 2; seqNr <= RowChain.MAX_HELD_NUMBERS + 1; seqNr++) {
      replay(chain, seqNr, fact(1, seqNr), seqNr, fact(1, -seqNr));
    }
    assertThatThrownBy(() -> replay(chain, RowChain.MAX_HELD_NUMBERS + 2, fact(1, 0)))
        .isInstanceOf(BrokenChainException.class)
        .hasMessage("two writers over 64 rows up to 66");
  }
}
