package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidewheel.feedback.BudgetLaw.Use;
import io.tidewheel.feedback.BudgetLaw.User;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BudgetLawTest {
  private static final long TICK = 250_000_000L;

  private final BudgetLaw law = new BudgetLaw();
  private final User orders = new User(1, "a");
  private final User invoices = new User(2, "a");
  private final User invoicesElsewhere = new User(2, "b");

  /** Two subscriptions with more messages than there is budget; what each costs is noisy. */
  @Test
  void subscriptionsShareTheCallsEqually() {
    Random random = new Random(3);
    Map<User, Double> rates = Map.of(orders, 1.0, invoices, 1.0);
    double calls = 0;
    double ordersCalls = 0;
    for (int step = 1; step <= 80; step++) {
      long messagesOne = Math.round(rates.get(orders) / 4);
      long messagesTwo = Math.round(rates.get(invoices) / 4);
      double costTwo = 0;
      for (int i = 0; i < messagesTwo; i++) {
        costTwo += 3 + 2 * random.nextDouble();
      }
      if (step > 40) {
        calls += messagesOne + costTwo;
        ordersCalls += messagesOne;
      }
      law.report(orders, new Use(messagesOne, messagesOne, messagesOne, true, 9), step * TICK);
      law.report(invoices, new Use(messagesTwo, messagesTwo, costTwo, true, 900), step * TICK);
      rates = law.divide(1_000.0);
    }
    assertThat(calls / 10).isCloseTo(1_000, within(50.0));
    assertThat(ordersCalls / calls).isCloseTo(0.5, within(0.05));
    assertThat(law.mean(2)).isCloseTo(4, within(0.3));
  }

  @Test
  void whatOneDoesNotUseIsForOthers() {
    for (int step = 1; step <= 40; step++) {
      law.report(orders, new Use(25, 25, 25, false, 0), step * TICK);
      law.report(invoices, new Use(10, 10, 10, true, 100), step * TICK);
    }
    Map<User, Double> rates = law.divide(1_000.0);
    assertThat(rates.get(invoices)).isGreaterThan(800);
    assertThat(rates.get(orders)).isGreaterThan(100);
  }

  @Test
  void divisionOverNodesFollowsTheBacklog() {
    law.report(invoices, new Use(0, 0, 0, true, 10), TICK);
    law.report(invoicesElsewhere, new Use(0, 0, 0, true, 990), TICK);
    Map<User, Double> rates = law.divide(100.0);
    assertThat(rates.get(invoices) + rates.get(invoicesElsewhere)).isCloseTo(100, within(0.01));
    assertThat(rates.get(invoices)).isBetween(5.0, 20.0);
  }

  @Test
  void withoutABudgetThereIsNoBound() {
    law.report(orders, new Use(10, 0, 0, true, 1), TICK);
    assertThat(law.divide(null)).containsEntry(orders, Double.POSITIVE_INFINITY);
  }

  @Test
  void whoReportsNoMoreGetsNothingMore() {
    law.report(orders, new Use(10, 0, 0, true, 1), TICK);
    law.report(invoices, new Use(10, 0, 0, true, 1), 40 * TICK);
    law.forget(20 * TICK);
    assertThat(law.divide(100.0)).containsOnlyKeys(invoices);
  }
}
