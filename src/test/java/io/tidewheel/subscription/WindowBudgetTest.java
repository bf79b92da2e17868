package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class WindowBudgetTest {
  private static final long MIB = 1L << 20;

  private final WindowBudget budget = new WindowBudget(10 * MIB, 8 * MIB);

  @Test
  void aWindowGetsItsOwnShareAtMost() {
    assertThat(budget.roomFor(0)).isEqualTo(8 * MIB);
    budget.add(3 * MIB);
    assertThat(budget.roomFor(3 * MIB)).isEqualTo(5 * MIB);
    assertThat(budget.roomFor(9 * MIB)).isZero();
  }

  @Test
  void windowsShareWhatTheNodeHas() {
    budget.add(8 * MIB);
    assertThat(budget.roomFor(0)).isEqualTo(2 * MIB);
    budget.add(2 * MIB);
    assertThat(budget.roomFor(2 * MIB)).isZero();
  }

  /** Guards a subscription against standing still because of others. */
  @Test
  void anEmptyWindowAlwaysGetsALittle() {
    budget.add(20 * MIB);
    assertThat(budget.roomFor(0)).isEqualTo(WindowBudget.ASSURED_BYTES);
    assertThat(budget.roomFor(WindowBudget.ASSURED_BYTES)).isZero();
  }

  @Test
  void whatIsGivenBackIsFreeAgain() {
    budget.add(10 * MIB);
    budget.add(-10 * MIB);
    assertThat(budget.used()).isZero();
    assertThat(budget.roomFor(0)).isEqualTo(8 * MIB);
  }
}
