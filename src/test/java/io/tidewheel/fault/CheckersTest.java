package io.tidewheel.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.crash.DeliveryChecker;
import io.tidewheel.crash.MessageId;
import io.tidewheel.crash.Violation;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckersTest {
  private static final long LEASE = 1_000;
  private static final MessageId KEYED = new MessageId(CallKind.KEYED_ONCE.number(), 1);
  private static final MessageId NEXT =
      new MessageId(CallKind.KEYED_ONCE.number(), 1 + CallKind.KEYS);
  private static final MessageId FREE = new MessageId(CallKind.FREE.number(), 1);

  @Test
  void halfOfTheLoadHasKeysAndEachKindItsShare() {
    int[] counts = new int[CallKind.values().length];
    for (int i = 0; i < 1_800; i++) {
      counts[CallKind.ofLoad(i).number()]++;
    }
    assertThat(counts).containsExactly(400, 500, 200, 300, 400, 0);
    assertThat(CallKind.keyOf(KEYED)).isEqualTo(CallKind.keyOf(NEXT)).isNotNegative();
    assertThat(CallKind.keyOf(FREE)).isNegative();
  }

  @Test
  void answersOfAKeyInOrderOrAtTheSameTimeAreTaken() {
    AckOrderChecker checker = new AckOrderChecker(CallKind::keyOf);
    checker.publishing(KEYED);
    checker.publishing(NEXT);
    checker.published(NEXT, 3, 10);
    // Begun before the other was acknowledged: it may lie before it.
    checker.published(KEYED, 3, 9);
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  void aRepeatMayBeAnsweredWithThePlaceOfTheFirstTry() {
    AckOrderChecker checker = new AckOrderChecker(CallKind::keyOf);
    checker.publishing(KEYED);
    checker.publishing(NEXT);
    checker.published(NEXT, 3, 10);
    checker.publishing(KEYED);
    checker.published(KEYED, 3, 9);
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  void aPlaceBeforeOneThatWasAnsweredEarlierIsRed() {
    AckOrderChecker checker = new AckOrderChecker(CallKind::keyOf);
    checker.publishing(KEYED);
    checker.published(KEYED, 3, 9);
    checker.publishing(NEXT);
    checker.published(NEXT, 3, 8);
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void aKeyInAnotherQueueIsRed() {
    AckOrderChecker checker = new AckOrderChecker(CallKind::keyOf);
    checker.publishing(KEYED);
    checker.published(KEYED, 3, 9);
    checker.publishing(NEXT);
    checker.published(NEXT, 4, 10);
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void aFloorThatRisesOrBeginsANewGenerationIsTaken() {
    FloorChecker checker = new FloorChecker();
    checker.seen("one", 0, 1, 5, 9);
    checker.seen("one", 0, 1, 9, 9);
    checker.seen("two", 0, 1, 1, 9);
    checker.seen("one", 0, 2, 0, 9);
    assertThat(checker.violations()).isEmpty();
    assertThat(checker.samples()).isEqualTo(4);
  }

  @Test
  void aFloorThatGoesBackIsRed() {
    FloorChecker checker = new FloorChecker();
    checker.seen("one", 0, 1, 5, 9);
    checker.seen("one", 0, 1, 4, 9);
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void aLogThatEndsEarlierThanBeforeIsRed() {
    FloorChecker checker = new FloorChecker();
    checker.seen("one", 0, 1, 5, 9);
    checker.seen("one", 0, 1, 5, 8);
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void aFloorBeyondTheEndIsRed() {
    FloorChecker checker = new FloorChecker();
    checker.seen("one", 0, 1, 10, 9);
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void theSameLogOnAllNodesIsTaken() {
    LogChecker checker = new LogChecker();
    for (String node : List.of("a", "b")) {
      checker.value(node, 0, 0, "x");
      checker.value(node, 0, 1, "y");
      checker.shown(node, 0, 0, 2, List.of(0L, 1L));
    }
    checker.acknowledged(0, 1, "y");
    assertThat(checker.violations()).isEmpty();
    assertThat(checker.values()).isEqualTo(4);
  }

  @Test
  void twoValuesAtOnePlaceAreRed() {
    LogChecker checker = new LogChecker();
    checker.value("a", 0, 0, "x");
    checker.value("b", 0, 0, "y");
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void aHoleIsRed() {
    LogChecker checker = new LogChecker();
    checker.shown("a", 0, 0, 3, List.of(0L, 2L));
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void anEndThatIsNotShownIsRed() {
    LogChecker checker = new LogChecker();
    checker.shown("a", 0, 0, 3, List.of(0L, 1L));
    assertThat(checker.violations()).hasSize(1);
  }

  @Test
  void whatWasAcknowledgedAndIsNotThereIsRed() {
    LogChecker checker = new LogChecker();
    checker.value("a", 0, 0, "x");
    checker.acknowledged(0, 0, "y");
    checker.acknowledged(0, 1, "z");
    checker.acknowledged(1, 0, "z");
    assertThat(checker.violations()).hasSize(3);
  }

  @Test
  void aMessageWithoutIdMayBeStoredTwice() {
    DeliveryChecker checker = new DeliveryChecker(CallKind::keyOf, CallKind::mayRepeat);
    checker.publishing(FREE);
    checker.published(FREE, 0, 5);
    deliver(checker, FREE, 1, 7);
    deliver(checker, FREE, 0, 5);
    checker.acking(FREE, 1);
    checker.acked(FREE);
    deliver(checker, FREE, 1, 7);
    checker.drained();
    assertThat(checker.violations()).isEmpty();
    assertThat(checker.copies()).isEqualTo(2);
  }

  @Test
  void aMessageWithIdMayNot() {
    DeliveryChecker checker = new DeliveryChecker(CallKind::keyOf, CallKind::mayRepeat);
    checker.publishing(KEYED);
    checker.published(KEYED, 0, 5);
    deliver(checker, KEYED, 0, 6);
    assertThat(checker.violations())
        .extracting(Violation::kind)
        .containsExactly(Violation.Kind.STORED_TWICE);
  }

  @Test
  void aMessageWithoutIdThatNeverCameIsLost() {
    DeliveryChecker checker = new DeliveryChecker(CallKind::keyOf, CallKind::mayRepeat);
    checker.publishing(FREE);
    checker.published(FREE, 0, 5);
    checker.drained();
    assertThat(checker.count(Violation.Kind.LOST)).isEqualTo(1);
  }

  @Test
  void oneRowOfAnotherWriterAtANumberIsTakenForEachChangeOfOwner() {
    JournalScan scan = new JournalScan();
    scan.row("a", 1, "first");
    scan.row("a", 2, "first");
    scan.row("a", 2, "second");
    assertThat(scan.foreignRows()).isEqualTo(1);
    assertThat(scan.violations()).isEmpty();
  }

  @Test
  void twoOfThemAreRed() {
    JournalScan scan = new JournalScan();
    for (String writer : List.of("first", "second")) {
      scan.row("a", 1, writer);
      scan.row("a", 2, writer);
    }
    assertThat(scan.foreignRows()).isEqualTo(2);
    assertThat(scan.violations()).hasSize(1);
  }

  private static void deliver(DeliveryChecker checker, MessageId id, int queue, long offset) {
    checker.delivered(id, queue, offset, true, 10, 10, LEASE);
  }
}
