package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LeasesTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long BUCKET = 1L << 26;
  private final Leases leases = new Leases();

  @Test
  void endsALeaseAtItsDeadlineAndNotBefore() {
    Lease lease = grant(0, null, 0, SECOND);
    assertThat(leases.nextDeadline()).isBetween(SECOND, SECOND + BUCKET);
    assertThat(leases.endExpired(SECOND - 1, 10)).isEmpty();
    assertThat(leases.endExpired(leases.nextDeadline(), 10)).containsExactly(lease);
    assertThat(leases.isLive(lease)).isFalse();
    assertThat(leases.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(leases.count()).isZero();
  }

  @Test
  void endsAtMostAsManyAsAskedFor() {
    for (int i = 0; i < 5; i++) {
      grant(i, null, 0, SECOND);
    }
    assertThat(leases.endExpired(2 * SECOND, 3)).hasSize(3);
    assertThat(leases.endExpired(2 * SECOND, 3)).hasSize(2);
  }

  @Test
  void anExtendedLeaseLivesOnButNotForEver() {
    Lease lease = grant(0, null, 0, SECOND);
    leases.extend(lease, SECOND / 2, SECOND);
    assertThat(leases.endExpired(SECOND + BUCKET, 10)).isEmpty();
    for (int hour = 1; hour < 20; hour++) {
      leases.extend(lease, hour * 3_600L * SECOND, 12 * 3_600L * SECOND);
    }
    assertThat(lease.deadlineNanos).isEqualTo(Leases.MAX_AGE_NANOS);
  }

  @Test
  void endsTheLeasesOfOneHolder() {
    Object holder = new Object();
    Lease mine = grant(0, holder, 0, SECOND);
    Lease other = grant(1, new Object(), 0, SECOND);
    Lease timed = grant(2, null, 0, SECOND);
    assertThat(leases.endOf(holder, 10)).containsExactly(mine);
    assertThat(leases.hasAny(holder)).isFalse();
    assertThat(leases.endOf(holder, 10)).isEmpty();
    leases.end(mine);
    assertThat(leases.count()).isEqualTo(2);
    assertThat(leases.endExpired(2 * SECOND, 10)).containsExactlyInAnyOrder(other, timed);
  }

  @Test
  void keepsNothingOfLeasesThatEnded() {
    List<Lease> granted =
        java.util.stream.LongStream.range(0, 10_000)
            .mapToObj(i -> grant(i, null, i * 1_000, 30 * SECOND))
            .toList();
    granted.forEach(leases::end);
    assertThat(leases.count()).isZero();
    assertThat(leases.nextDeadline()).isEqualTo(Long.MAX_VALUE);
  }

  private Lease grant(long offset, Object holder, long now, long duration) {
    return leases.grant(offset, WorkerName.NONE, holder, now, duration);
  }
}
