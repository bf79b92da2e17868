package io.tidewheel.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a worker takes at once. */
class BatchSizeTest {
  private final BatchSize batch = new BatchSize(1_000);

  @Test
  void takesAllItCanUntilItFails() {
    assertThat(batch.size()).isEqualTo(1_000);
    take(100);
    batch.onHandled(100, 0);
    assertThat(batch.size()).isEqualTo(1_000);
  }

  @Test
  void takesHalfOfWhatItTookWhenHalfFailed() {
    take(100);
    batch.onHandled(50, 50);
    assertThat(batch.size()).isEqualTo(50);
    take(50);
    batch.onHandled(0, 50);
    assertThat(batch.size()).isEqualTo(25);
  }

  @Test
  void fallsToOneAndNoFurther() {
    for (int i = 0; i < 20; i++) {
      take(1_000);
      batch.onHandled(0, Math.max(BatchSize.MIN_RESULTS, batch.size()));
    }
    assertThat(batch.size()).isEqualTo(1);
  }

  @Test
  void growsToTheLimitWhenItSucceedsAgain() {
    take(16);
    batch.onHandled(0, 16);
    int rounds = 0;
    for (; batch.size() < 1_000; rounds++) {
      take(1_000);
      batch.onHandled(Math.max(BatchSize.MIN_RESULTS, batch.size()), 0);
    }
    assertThat(rounds).isEqualTo(7);
  }

  @Test
  void judgesABatchWhenAllOfItIsHandled() {
    take(100);
    batch.onHandled(0, 49);
    batch.onHandled(50, 0);
    assertThat(batch.size()).isEqualTo(1_000);
    batch.onHandled(0, 1);
    assertThat(batch.size()).isEqualTo(50);
  }

  @Test
  void oneThatFailsNowAndThenTakesAsMuchAsBefore() {
    for (int i = 0; i < 1_000; i++) {
      take(1);
      batch.onHandled(i % 10 == 0 ? 0 : 1, i % 10 == 0 ? 1 : 0);
      assertThat(batch.size()).isEqualTo(1_000);
    }
  }

  private void take(int room) {
    batch.onTaken(Math.min(room, batch.size()));
  }
}
