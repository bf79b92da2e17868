package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

class ClusterClockTest {
  private static final long TRUE_MILLIS = 1_700_000_000_000L;
  private static final long HOUR = Duration.ofHours(1).toMillis();
  private static final NodeId SELF = new NodeId("a:1", 1);
  private static final NodeId SECOND = new NodeId("b:1", 2);
  private static final NodeId THIRD = new NodeId("c:1", 3);

  private long elapsedMillis;

  /** What this node's own clock is ahead. */
  private long aheadMillis;

  private long round;

  private final InstantSource wall = () -> Instant.ofEpochMilli(trueMillis() + aheadMillis);

  private long trueMillis() {
    return TRUE_MILLIS + elapsedMillis;
  }

  private ClusterClock clock() {
    return new ClusterClock(wall, () -> Duration.ofMillis(elapsedMillis).toNanos());
  }

  private void ask(ClusterClock clock) {
    clock.asked(++round, 2);
  }

  /** Asks three, of which the others have the right time, and all answer in some milliseconds. */
  private void agree(ClusterClock clock) {
    ask(clock);
    elapsedMillis += 4;
    clock.heard(round, SELF, clock.ownMillis());
    clock.heard(round, SECOND, trueMillis() - 2);
    clock.heard(round, THIRD, trueMillis() - 2);
  }

  @Test
  void isTheNodesOwnBeforeAnybodyAnswers() {
    aheadMillis = HOUR;
    ClusterClock clock = clock();
    elapsedMillis += 10_000;
    assertThat(clock.instant()).isEqualTo(wall.instant());
    assertThat(clock.correctionSeconds()).isZero();
  }

  @Test
  void aNodeThatIsAheadOrBehindIsSetByTheOthers() {
    for (long ahead : new long[] {HOUR, -HOUR}) {
      aheadMillis = ahead;
      ClusterClock clock = clock();
      agree(clock);
      assertThat(clock.millis()).isBetween(trueMillis() - 2, trueMillis() + 2);
      assertThat(clock.correctionSeconds()).isBetween(-ahead / 1e3 - 0.01, -ahead / 1e3 + 0.01);
    }
  }

  @Test
  void aNodeThatIsRightHeedsNoneThatIsWrong() {
    ClusterClock clock = clock();
    ask(clock);
    clock.heard(round, SELF, clock.ownMillis());
    clock.heard(round, SECOND, trueMillis() + HOUR);
    assertThat(clock.millis()).as("two that differ").isEqualTo(trueMillis());
    clock.heard(round, THIRD, trueMillis());
    assertThat(clock.millis()).isEqualTo(trueMillis());
  }

  @Test
  void aClockThatJumpsChangesNothing() {
    ClusterClock clock = clock();
    agree(clock);
    aheadMillis = HOUR;
    assertThat(clock.millis()).isEqualTo(trueMillis());
    agree(clock);
    assertThat(clock.millis()).isEqualTo(trueMillis());
    aheadMillis = -HOUR;
    agree(clock);
    assertThat(clock.millis()).isEqualTo(trueMillis());
  }

  @Test
  void followsAllOthersWhenTheirClocksAreSet() {
    ClusterClock clock = clock();
    ask(clock);
    clock.heard(round, SELF, trueMillis() + HOUR);
    clock.heard(round, SECOND, trueMillis() + HOUR);
    assertThat(clock.millis()).isEqualTo(trueMillis() + HOUR);
    clock.heard(round, THIRD, trueMillis() + HOUR);
    assertThat(clock.millis()).as("not twice").isEqualTo(trueMillis() + HOUR);
  }

  @Test
  void aFewHundredMillisecondsAreLeftAlone() {
    ClusterClock clock = clock();
    ask(clock);
    for (NodeId node : new NodeId[] {SELF, SECOND, THIRD}) {
      clock.heard(round, node, trueMillis() + ClusterClock.TOLERANCE.toMillis());
    }
    assertThat(clock.millis()).isEqualTo(trueMillis());
  }

  @Test
  void answersThatAreLateOrOfAnEarlierRoundSayNothing() {
    ClusterClock clock = clock();
    ask(clock);
    clock.heard(round - 1, SELF, trueMillis() + HOUR);
    clock.heard(round - 1, SECOND, trueMillis() + HOUR);
    elapsedMillis += ClusterClock.MAX_TRIP.toMillis() + 1;
    clock.heard(round, SELF, trueMillis() + HOUR);
    clock.heard(round, SECOND, trueMillis() + HOUR);
    assertThat(clock.millis()).isEqualTo(trueMillis());
  }
}
