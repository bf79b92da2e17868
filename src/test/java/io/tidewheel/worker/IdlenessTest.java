package io.tidewheel.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdlenessTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final long UID = 5;

  private final AtomicLong nanos = new AtomicLong(-3);
  private final Idleness idleness = new Idleness(nanos::get);

  @BeforeEach
  void isIdle() {
    idleness.watch(Set.of(UID));
    nanos.addAndGet(MINUTE.toNanos());
  }

  @Test
  void takesNoPullsWhileItIsBeingRemoved() {
    assertThat(idleness.beginRemoval(UID, MINUTE)).isTrue();
    assertThat(idleness.onPullBegan(UID)).isFalse();
    assertThat(idleness.beginRemoval(UID, MINUTE, "other")).isFalse();
    idleness.endRemoval(UID);
    assertThat(idleness.onPullBegan(UID)).isTrue();
  }

  /** Guards against a subscription that takes no pulls until the process ends. */
  @Test
  void takesPullsAgainWhenNobodyEndsTheRemoval() {
    assertThat(idleness.beginRemoval(UID, MINUTE, "other")).isTrue();
    nanos.addAndGet(Idleness.MAX_REMOVAL.toNanos() - 1);
    assertThat(idleness.onPullBegan(UID)).isFalse();
    nanos.addAndGet(1);
    assertThat(idleness.onPullBegan(UID)).isTrue();
    idleness.onPullEnded(UID);
    nanos.addAndGet(MINUTE.toNanos());
    assertThat(idleness.beginRemoval(UID, MINUTE)).isTrue();
  }

  /** Guards the removal of one node against the end of another's, which was refused. */
  @Test
  void onlyWhoBeganItEndsIt() {
    assertThat(idleness.beginRemoval(UID, MINUTE)).isTrue();
    idleness.endRemoval(UID, "other");
    assertThat(idleness.onPullBegan(UID)).isFalse();
  }
}
