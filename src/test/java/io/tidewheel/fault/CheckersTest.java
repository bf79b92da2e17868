package io.tidewheel.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.crash.DeliveryChecker;
import io.tidewheel.crash.MessageId;
import io.tidewheel.crash.Violation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckersTest {
  private static final long LEASE = 1_000;
  private static final MessageId KEYED = new MessageId(CallKind.KEYED_ONCE.number(), 1);
  private static final MessageId NEXT =
      new MessageId(CallKind.KEYED_ONCE.number(), 1 + CallKind.KEYS);
  private static final MessageId FREE = new MessageId(CallKind.FREE.number(), 1);

  private final AckOrderChecker order = new AckOrderChecker(CallKind::keyOf);
  private final FloorChecker floors = new FloorChecker();
  private final LogChecker log = new LogChecker();
  private final DeliveryChecker deliveries =
      new DeliveryChecker(CallKind::keyOf, CallKind::mayRepeat);
  private final JournalScan scan = new JournalScan();
  private final RowResult result = new RowResult(Row.KILL, 1);

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
    order.publishing(KEYED);
    order.publishing(NEXT);
    order.published(NEXT, 3, 10);
    // Begun before the other was acknowledged: it may lie before it.
    order.published(KEYED, 3, 9);
    assertThat(order.violations()).isEmpty();
  }

  @Test
  void aRepeatMayBeAnsweredWithThePlaceOfTheFirstTry() {
    order.publishing(KEYED);
    order.publishing(NEXT);
    order.published(NEXT, 3, 10);
    order.publishing(KEYED);
    order.published(KEYED, 3, 9);
    assertThat(order.violations()).isEmpty();
  }

  /** A place before one that was answered earlier, and a key in another queue. */
  @ParameterizedTest
  @CsvSource({"3, 8", "4, 10"})
  void aPlaceThatDoesNotFollowIsRed(int queue, long offset) {
    order.publishing(KEYED);
    order.published(KEYED, 3, 9);
    order.publishing(NEXT);
    order.published(NEXT, queue, offset);
    assertThat(order.violations())
        .containsExactly(
            "%s of key 1 at %d/%d, begun after 3/9 was acknowledged"
                .formatted(NEXT.text(), queue, offset));
  }

  @Test
  void aFloorThatRisesOrBeginsANewGenerationIsTaken() {
    floors.seen("one", 0, 1, 5, 9);
    floors.seen("one", 0, 1, 9, 9);
    floors.seen("two", 0, 1, 1, 9);
    floors.seen("one", 0, 2, 0, 9);
    assertThat(floors.violations()).isEmpty();
    assertThat(floors.samples()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    "4, 9, 'floor of one, generation 1 on queue 0 went back from 5 to 4'",
    "5, 8, 'end of the log on queue 0 went back from 9 to 8'",
    "10, 9, 'floor of one on queue 0 is 10, beyond the end 9'"
  })
  void aFloorOrEndThatCannotBeIsRed(long floor, long nextOffset, String violation) {
    floors.seen("one", 0, 1, 5, 9);
    floors.seen("one", 0, 1, floor, nextOffset);
    assertThat(floors.violations()).containsExactly(violation);
  }

  @Test
  void theSameLogOnAllNodesIsTaken() {
    for (String node : List.of("a", "b")) {
      log.value(node, 0, 0, "x");
      log.value(node, 0, 1, "y");
      log.shown(node, 0, 0, 2, List.of(0L, 1L));
    }
    log.acknowledged(0, 1, "y");
    assertThat(log.violations()).isEmpty();
    assertThat(log.values()).isEqualTo(4);
  }

  @Test
  void twoValuesAtOnePlaceAreRed() {
    log.value("a", 0, 0, "x");
    log.value("b", 0, 0, "y");
    assertThat(log.violations()).containsExactly("0/0 is x, on b y");
  }

  @Test
  void aHoleIsRed() {
    log.shown("a", 0, 0, 3, List.of(0L, 2L));
    assertThat(log.violations()).containsExactly("a shows 0/2 where 1 should be");
  }

  @Test
  void anEndThatIsNotShownIsRed() {
    log.shown("a", 0, 0, 3, List.of(0L, 1L));
    assertThat(log.violations()).containsExactly("a shows queue 0 up to 2, not 3");
  }

  @Test
  void whatWasAcknowledgedAndIsNotThereIsRed() {
    log.value("a", 0, 0, "x");
    log.acknowledged(0, 0, "y");
    log.acknowledged(0, 1, "z");
    log.acknowledged(1, 0, "z");
    assertThat(log.violations())
        .containsExactly(
            "y was acknowledged at 0/0, there is x",
            "z was acknowledged at 0/1, there is null",
            "z was acknowledged at 1/0, there is null");
  }

  @Test
  void aMessageWithoutIdMayBeStoredTwice() {
    deliveries.publishing(FREE);
    deliveries.published(FREE, 0, 5);
    deliver(FREE, 1, 7);
    deliver(FREE, 0, 5);
    deliveries.acking(FREE, 1);
    deliveries.acked(FREE, 1);
    deliver(FREE, 1, 7);
    deliveries.drained();
    assertThat(deliveries.violations()).isEmpty();
    assertThat(deliveries.copies()).isEqualTo(2);
  }

  /** The ack of one place says nothing of the other. */
  @Test
  void copiesAreAckedEachForItself() {
    deliveries.publishing(FREE);
    deliveries.published(FREE, 0, 5);
    deliver(FREE, 0, 5);
    deliveries.killed();
    int copy = deliveries.delivered(FREE, 1, 7, true, 10, 10, LEASE);
    deliveries.acking(FREE, copy);
    deliveries.acked(FREE, copy);
    deliver(FREE, 0, 5);
    assertThat(deliveries.violations()).isEmpty();
    deliveries.drained();
    assertThat(deliveries.violations())
        .containsExactly(new Violation(Violation.Kind.LEFT_BEHIND, FREE, "after 2 deliveries"));
  }

  @Test
  void aMessageWithIdMayNot() {
    deliveries.publishing(KEYED);
    deliveries.published(KEYED, 0, 5);
    deliver(KEYED, 0, 6);
    assertThat(deliveries.violations())
        .containsExactly(new Violation(Violation.Kind.STORED_TWICE, KEYED, "at 0/5 and 0/6"));
  }

  @Test
  void aMessageWithoutIdThatNeverCameIsLost() {
    deliveries.publishing(FREE);
    deliveries.published(FREE, 0, 5);
    deliveries.drained();
    assertThat(deliveries.count(Violation.Kind.LOST)).isEqualTo(1);
  }

  @Test
  void oneRowOfAnotherWriterAtANumberIsTakenForEachChangeOfOwner() {
    scan.row("a", 1, "first");
    scan.row("a", 2, "first");
    scan.row("a", 2, "second");
    assertThat(scan.foreignRows()).isEqualTo(1);
    assertThat(scan.violations()).isEmpty();
  }

  @Test
  void twoOfThemAreRed() {
    for (String writer : List.of("first", "second")) {
      scan.row("a", 1, writer);
      scan.row("a", 2, writer);
    }
    assertThat(scan.foreignRows()).isEqualTo(2);
    assertThat(scan.violations()).containsExactly("a has 2 rows too many, of 2 writers");
  }

  /** Guards runs whose figures nobody looks at: a count that is off, or unknown, is red. */
  @ParameterizedTest
  @CsvSource({"1", "NaN"})
  void aCountThatIsNotAsPromisedIsRed(double value) {
    result.figure("failed", value);
    result.atMost("failed", 0);
    assertThat(result.isRed()).isTrue();
    assertThat(result.showsTwoWriters()).isFalse();
    assertThat(result.json().path("verdict").asText()).isEqualTo("BROKEN");
    assertThat(result.json().path("violations").path(0).asText()).startsWith("FIGURE: failed is ");
  }

  @ParameterizedTest
  @CsvSource({"0.5", "NaN"})
  void aShareThatIsNotAsPromisedIsRed(double value) {
    result.figure("share", value);
    result.atLeast("share", 0.99);
    assertThat(result.isRed()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"11", "NaN"})
  void aTimeThatIsMissedOrUnknownIsTold(double value) {
    result.figure("time", value);
    result.timeAtMost("time", 10);
    assertThat(result.isRed()).isFalse();
    assertThat(result.json().path("verdict").asText()).isEqualTo("times missed");
  }

  @Test
  void aFigureThatIsNotThereIsNotTaken() {
    assertThatThrownBy(() -> result.atMost("tiem", 10)).hasMessageContaining("tiem");
  }

  @Test
  void aRunThatBrokeOffShowsNoSecondWriter() {
    result.violation(Promise.INCOMPLETE, "a request failed");
    assertThat(result.isRed()).isTrue();
    assertThat(result.showsTwoWriters()).isFalse();
    assertThat(result.json().path("verdict").asText()).isEqualTo("INCOMPLETE");
    result.violation(Promise.of(Violation.Kind.LOST), "one");
    assertThat(result.showsTwoWriters()).isTrue();
  }

  private void deliver(MessageId id, int queue, long offset) {
    deliveries.delivered(id, queue, offset, true, 10, 10, LEASE);
  }
}
