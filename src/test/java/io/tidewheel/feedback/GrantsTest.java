package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidewheel.subscription.Allowance;
import io.tidewheel.subscription.Allowance.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;

class GrantsTest {
  private static final long SECOND = 1_000_000_000L;

  private final Grants grants = new Grants();

  private static SuccessFeedback.Granted granted(double rate, double limitShare) {
    return new SuccessFeedback.Granted(
        1, 2, rate, limitShare, 0.5, SuccessLaw.Phase.FALLING, "half of it fails");
  }

  private Allowance at(long seconds) {
    return grants.allowance(2, false, seconds * SECOND);
  }

  @Test
  void theLeastCountsAndSaysWhy() {
    grants.onSuccess(granted(100, 0.5), 0);
    grants.onBackend("db", 50, "the database asked for it", 0);
    assertThat(at(1).rate()).isEqualTo(50);
    assertThat(at(1).reason()).isEqualTo(Reason.BACKEND);
    assertThat(at(1).detail()).contains("database");
    grants.onCpu(20, "busy");
    assertThat(at(1).reason()).isEqualTo(Reason.CPU);
    grants.onCpu(Double.POSITIVE_INFINITY, "");
    grants.keepBackends(List.of("other"));
    assertThat(at(1).reason()).isEqualTo(Reason.SUCCESS);
    assertThat(at(1).retryShare()).isEqualTo(Grants.RETRY_SHARE);
  }

  /** Guards that a feedback actor which is lost stops nothing. */
  @Test
  void whatIsNotRenewedHoldsAndThenFades() {
    grants.onSuccess(granted(10, 0.9), 0);
    assertThat(at(3).rate()).isEqualTo(10);
    assertThat(at(5).rate()).isCloseTo(20, within(0.01));
    assertThat(at(13).rate()).isCloseTo(320, within(0.1));
    assertThat(at(36).rate()).isLessThan(Grants.MOST_RATE);
    assertThat(at(37).rate()).as("more than any node gives out").isInfinite();
    assertThat(at(37).reason()).isEqualTo(Reason.NONE);
    assertThat(at(3).limitShare()).isCloseTo(0.9, within(1e-9));
    assertThat(at(13).limitShare()).isBetween(0.5, 0.9);
    assertThat(at(30).limitShare()).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void alsoWhatWasStoppedFades() {
    grants.onBackend("db", 0, "stop", 0);
    assertThat(at(3).rate()).isZero();
    assertThat(at(9).rate()).isGreaterThan(1);
  }

  @Test
  void withoutGrantsThereIsNoBound() {
    assertThat(at(0)).isEqualTo(Allowance.OPEN.withLimitShare(0.5));
  }
}
