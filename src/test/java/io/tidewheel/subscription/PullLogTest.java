package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.journal.Encoder;
import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rows of a subscription are its pull log: how large they are, and when they go. */
class PullLogTest {
  /** What a row costs around its event: number, epoch, manifest, time, length, checksum. */
  private static final int ROW_OVERHEAD = 160;

  private final RowMarks marks = new RowMarks();

  @Test
  void anAckTakesAtMostTwelveBytesAtAHundredABatch() {
    long[] offsets = new long[100];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = 5_000_000_000L + 137L * i;
    }
    Acks acks = new Acks(new WorkerName("worker-on-host-17.example", "v7312"), Offsets.of(offsets));
    Settled settled =
        new Settled(
            1_700_000_000_000L, List.of(acks), Offsets.NONE, List.of(), List.of(), 0, List.of());
    Encoder out = new Encoder(64);
    new SubscriptionCodec().encode(settled, out);
    assertThat((out.length() + ROW_OVERHEAD) / 100.0).isLessThanOrEqualTo(12);
  }

  @Test
  void rowsGoWhenTheyAreTooOldOrTheirMessagesAreGone() {
    marks.note(1_000, 50);
    marks.add(10);
    marks.note(2_000, 90);
    marks.add(20);
    marks.note(3_000, 120);
    marks.add(30);
    assertThat(marks.deletable(30, 999, 0)).isZero();
    assertThat(marks.deletable(30, 2_000, 0)).isEqualTo(20);
    assertThat(marks.deletable(10, 5_000, 0)).as("recovery needs the rest").isEqualTo(10);
    assertThat(marks.deletable(30, 0, 119)).isEqualTo(20);
    assertThat(marks.deletable(30, 0, 120)).isEqualTo(30);
  }

  @Test
  void marksAreBounded() {
    for (int i = 1; i <= 10_000; i++) {
      marks.note(i, i);
      marks.add(i);
    }
    assertThat(marks.all()).hasSizeLessThanOrEqualTo(RowMarks.MAX_MARKS);
    assertThat(marks.deletable(10_000, 9_000, 0)).isBetween(8_500L, 9_000L);
  }
}
