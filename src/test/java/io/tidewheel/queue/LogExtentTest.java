package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.TopicSettings;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LogExtentTest {
  private static final long MILLION = 1_000_000;

  private final LogExtent extent = new LogExtent();

  @Test
  void countsBytesToWithinAMark() {
    fill(1_000);
    assertThat(extent.bytesFrom(0)).isEqualTo(1_000 * MILLION);
    assertThat(extent.bytesFrom(250)).isEqualTo(750 * MILLION);
    assertThat(extent.offsetOfNewest(100 * MILLION)).isEqualTo(900);
    assertThat(extent.offsetOfNewest(2_000 * MILLION)).isZero();
  }

  @Test
  void theLowestFloorHoldsTheLog() {
    fill(100);
    extent.open(1, 0);
    extent.open(2, 0);
    extent.settle(1, 80);
    extent.settle(2, 30);
    extent.settle(3, 0);
    assertThat(extent.floor()).isEqualTo(30);
    assertThat(extent.pinnedBy()).isEqualTo(2);
    assertThat(extent.trimmable(settings(Duration.ZERO, 1), 1_000_000)).isEqualTo(30);
    extent.close(2);
    assertThat(extent.pinnedBy()).isEqualTo(1);
    extent.close(1);
    assertThat(extent.pinnedBy()).isNull();
    assertThat(extent.floor()).isEqualTo(100);
  }

  @Test
  void whateverEndsFirstOfTimeAndBytesIsTrimmable() {
    fill(100);
    long now = 100_000;
    assertThat(extent.trimmable(settings(Duration.ofSeconds(40), 1L << 40), now)).isEqualTo(60);
    assertThat(extent.trimmable(settings(Duration.ofDays(1), 25 * MILLION), now)).isEqualTo(75);
    assertThat(extent.trimmable(settings(Duration.ofDays(1), 1L << 40), now)).isZero();
    assertThat(extent.trimmable(settings(Duration.ZERO, 1L << 40), now)).isEqualTo(100);
  }

  /** Guards the memory of a queue with a deep backlog, and that it can be trimmed anywhere. */
  @Test
  void marksAreBoundedAndLieEvenly() {
    fill(50_000);
    assertThat(extent.marks()).hasSizeLessThanOrEqualTo(LogMarks.MAX_MARKS);
    assertThat(extent.bytesFrom(49_900)).isEqualTo(100 * MILLION);
    for (long kept : new long[] {100, 10_000, 40_000, 49_000}) {
      assertThat(extent.trimmable(settings(Duration.ofDays(1), kept * MILLION), 100_000))
          .isBetween(50_000 - kept - 400, 50_000 - kept);
    }
  }

  /** One message of a million bytes a second. */
  private void fill(int count) {
    for (int i = 1; i <= count; i++) {
      extent.append(i, MILLION, i, i * 1_000L);
    }
  }

  private static TopicSettings settings(Duration time, long bytes) {
    TopicSettings defaults = TopicSettings.defaults(1);
    return new TopicSettings(
        1,
        time,
        bytes,
        defaults.maxMessageBytes(),
        defaults.maxBacklogBytes(),
        defaults.dedupWindow(),
        defaults.dedupIds(),
        null);
  }
}
