package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.testkit.CallingThreadDispatcher;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two nodes that report to one actor, in virtual time and on the thread of the test. */
class SuccessFeedbackTest {
  private static final long TICK = 250_000_000L;
  private static final DispatcherSelector HERE =
      DispatcherSelector.fromConfig(CallingThreadDispatcher.Id());

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final AtomicLong nanos = new AtomicLong(1);
  private final TestProbe<Object> idle = kit.createTestProbe();
  private final TestProbe<SuccessFeedback.Granted> one = kit.createTestProbe();
  private final TestProbe<SuccessFeedback.Granted> other = kit.createTestProbe();

  private final ActorRef<SuccessFeedback.Command> actor =
      kit.spawn(SuccessFeedback.create(nanos::get, self -> idle.ref().tell("idle")), HERE);

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void report(
      TestProbe<SuccessFeedback.Granted> node,
      Double rateLimit,
      Outcomes outcomes,
      long backlog,
      double currentRate) {
    actor.tell(
        new SuccessFeedback.Report(
            1,
            2,
            node == one ? "one" : "other",
            0.9,
            10_000_000_000L,
            1,
            rateLimit,
            outcomes,
            Outcomes.NONE,
            outcomes.count(),
            true,
            false,
            backlog,
            100,
            currentRate,
            node.ref()));
  }

  private void pass() {
    nanos.addAndGet(TICK);
    actor.tell(new SuccessFeedback.Look());
  }

  private SuccessFeedback.Granted last(TestProbe<SuccessFeedback.Granted> node) {
    SuccessFeedback.Granted last = node.receiveMessage();
    return last;
  }

  @Test
  void dividesTheLimitOverTheNodesByBacklogAndStarvesNone() {
    for (int i = 0; i < 8; i++) {
      report(one, 1_000.0, new Outcomes(100, 0, 0), 99_000, Double.POSITIVE_INFINITY);
      report(other, 1_000.0, new Outcomes(100, 0, 0), 1_000, Double.POSITIVE_INFINITY);
      pass();
    }
    SuccessFeedback.Granted forOne = last(one);
    SuccessFeedback.Granted forOther = last(other);
    assertThat(forOne.limitShare() + forOther.limitShare()).isCloseTo(1, within(1e-6));
    assertThat(forOther.limitShare()).isGreaterThan(0.09);
    assertThat(forOne.rate()).isEqualTo(Double.POSITIVE_INFINITY);
  }

  @Test
  void lowersTheRateWhenBothNodesFail() {
    SuccessFeedback.Granted granted = null;
    for (int i = 0; i < 12; i++) {
      report(one, null, new Outcomes(0, 50, 0), 10, Double.POSITIVE_INFINITY);
      report(other, null, new Outcomes(0, 50, 0), 10, Double.POSITIVE_INFINITY);
      pass();
      granted = i < 2 ? null : last(one);
    }
    assertThat(granted).isNotNull();
    assertThat(granted.phase()).isEqualTo(SuccessLaw.Phase.PROBING);
    assertThat(granted.rate()).isLessThanOrEqualTo(2);
    assertThat(granted.detail()).contains("target is 90.0 %");
  }

  /** Of a rate that was taken for three times as much the law saw no good in less. */
  @Test
  void countsTheTimeBeforeTheFirstStep() {
    for (int i = 0; i < 3; i++) {
      report(one, null, new Outcomes(50, 50, 0), 10, Double.POSITIVE_INFINITY);
      report(other, null, new Outcomes(50, 50, 0), 10, Double.POSITIVE_INFINITY);
      pass();
    }
    assertThat(last(one).rate() + last(other).rate()).isBetween(200.0, 420.0);
  }

  /** Guards that the loss of an actor does not let everything through at once. */
  @Test
  void aNewOneGoesOnWithTheRateThatHolds() {
    for (int i = 0; i < 3; i++) {
      report(one, null, new Outcomes(1, 0, 0), 10, 3);
      report(other, null, new Outcomes(1, 0, 0), 10, 2);
      pass();
    }
    assertThat(last(one).rate() + last(other).rate()).isBetween(4.0, 60.0);
  }

  @Test
  void endsWhenNobodyReports() {
    report(one, null, Outcomes.NONE, 0, Double.POSITIVE_INFINITY);
    nanos.addAndGet(11_000_000_000L);
    actor.tell(new SuccessFeedback.Look());
    idle.expectMessage("idle");
  }
}
