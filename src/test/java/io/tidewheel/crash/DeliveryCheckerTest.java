package io.tidewheel.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.crash.Violation.Kind;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DeliveryCheckerTest {
  private static final long LEASE = 1_000;
  private static final MessageId FIRST = new MessageId(0, 0);
  private static final MessageId SECOND = new MessageId(0, 4);

  @Test
  void takesARunInWhichEverythingIsRight() {
    DeliveryChecker checker = new DeliveryChecker();
    store(checker, FIRST, 0);
    store(checker, SECOND, 1);
    deliver(checker, FIRST, 0, 10);
    ack(checker, FIRST);
    deliver(checker, SECOND, 1, 20);
    checker.killed();
    deliver(checker, SECOND, 1, 30);
    ack(checker, SECOND);
    checker.drained();
    assertThat(checker.violations()).isEmpty();
    assertThat(checker.redelivered()).isEqualTo(1);
    assertThat(checker.openCount()).isZero();
  }

  @Test
  void takesBothOutcomesOfWhatWasNotAnswered() {
    DeliveryChecker checker = new DeliveryChecker();
    checker.publishing(FIRST);
    checker.publishing(SECOND);
    deliver(checker, SECOND, 1, 10);
    // Sent, never answered: it may come again or not.
    checker.acking(SECOND, 1);
    checker.drained();
    assertThat(checker.violations()).isEmpty();
    assertThat(checker.recoveredCount()).isEqualTo(1);
  }

  @Test
  void takesARedeliveryThatIsExplained() {
    DeliveryChecker checker = new DeliveryChecker();
    store(checker, FIRST, 0);
    deliver(checker, FIRST, 0, 10);
    checker.givingBack(FIRST);
    deliver(checker, FIRST, 0, 20);
    // Its lease has ended.
    deliver(checker, FIRST, 0, 20 + LEASE);
    ack(checker, FIRST);
    checker.drained();
    assertThat(checker.violations()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("planted")
  void goesRed(Kind kind, Consumer<DeliveryChecker> history) {
    DeliveryChecker checker = new DeliveryChecker();
    history.accept(checker);
    checker.drained();
    assertThat(checker.violations()).extracting(Violation::kind).containsExactly(kind);
    assertThat(checker.count(kind)).isEqualTo(1);
    assertThat(checker.isRed()).isTrue();
  }

  static Stream<Arguments> planted() {
    return Stream.of(
        plant(Kind.LOST, checker -> store(checker, FIRST, 0)),
        plant(
            Kind.LEFT_BEHIND,
            checker -> {
              store(checker, FIRST, 0);
              deliver(checker, FIRST, 0, 10);
              checker.givingBack(FIRST);
            }),
        plant(
            Kind.LEFT_BEHIND,
            checker -> {
              store(checker, FIRST, 0);
              deliver(checker, FIRST, 0, 10);
              checker.acking(FIRST, 1);
              checker.ackRefused(FIRST, 1);
            }),
        plant(
            Kind.ACKED_AGAIN,
            checker -> {
              store(checker, FIRST, 0);
              deliver(checker, FIRST, 0, 10);
              ack(checker, FIRST);
              checker.killed();
              deliver(checker, FIRST, 0, 20);
              ack(checker, FIRST);
            }),
        plant(Kind.UNEXPECTED, checker -> deliver(checker, FIRST, 0, 10)),
        plant(
            Kind.UNEXPECTED,
            checker -> {
              checker.publishing(FIRST);
              checker.refused(FIRST);
              deliver(checker, FIRST, 0, 10);
            }),
        plant(
            Kind.ALTERED,
            checker -> {
              store(checker, FIRST, 0);
              checker.delivered(FIRST, 0, 0, false, 10, 10, LEASE);
              ack(checker, FIRST);
            }),
        plant(
            Kind.STORED_TWICE,
            checker -> {
              store(checker, FIRST, 0);
              checker.publishing(FIRST);
              checker.published(FIRST, 0, 1);
              deliver(checker, FIRST, 0, 10);
              ack(checker, FIRST);
            }),
        plant(
            Kind.OUT_OF_ORDER,
            checker -> {
              store(checker, FIRST, 0);
              store(checker, SECOND, 1);
              deliver(checker, SECOND, 1, 10);
              ack(checker, SECOND);
              deliver(checker, FIRST, 0, 20);
              ack(checker, FIRST);
            }),
        plant(
            Kind.HELD_TWICE,
            checker -> {
              store(checker, FIRST, 0);
              deliver(checker, FIRST, 0, 10);
              deliver(checker, FIRST, 0, 10 + LEASE - 1);
              ack(checker, FIRST);
            }));
  }

  @Test
  void aLateRefusalOfAnOlderDeliverySaysNothingAboutTheNewest() {
    DeliveryChecker checker = new DeliveryChecker();
    store(checker, FIRST, 0);
    deliver(checker, FIRST, 0, 10);
    deliver(checker, FIRST, 0, 10 + LEASE);
    checker.acking(FIRST, 2);
    checker.ackRefused(FIRST, 1);
    checker.drained();
    assertThat(checker.violations()).isEmpty();
  }

  @Test
  void keysOfTheTestMessagesAreWhatTheyMustBe() {
    assertThat(FIRST.keyNumber()).isEqualTo(SECOND.keyNumber());
    assertThat(new MessageId(3, 7).keyNumber()).isEqualTo(-1);
    assertThat(MessageId.parse("3-7")).isEqualTo(new MessageId(3, 7));
    assertThat(MessageId.parse("x")).isEqualTo(new MessageId(-1, -1));
    assertThat(FIRST.payload()).isEqualTo(new MessageId(0, 0).payload());
  }

  private static Arguments plant(Kind kind, Consumer<DeliveryChecker> history) {
    return Arguments.of(kind, history);
  }

  private static void store(DeliveryChecker checker, MessageId id, long offset) {
    checker.publishing(id);
    checker.published(id, 0, offset);
  }

  private static void deliver(DeliveryChecker checker, MessageId id, long offset, long nanos) {
    checker.delivered(id, 0, offset, true, nanos, nanos, LEASE);
  }

  private static void ack(DeliveryChecker checker, MessageId id) {
    checker.acking(id, 1);
    checker.acked(id, 1);
  }
}
