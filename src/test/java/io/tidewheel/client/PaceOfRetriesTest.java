package io.tidewheel.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PaceOfRetriesTest {
  @Test
  void backoffGrowsWithJitterUpToItsBound() {
    Backoff backoff = new Backoff(10, 1_000, new SplittableRandom(7));
    for (int failures = 1; failures < 100; failures++) {
      long whole = Math.min(1_000, 10L << Math.min(20, failures - 1)) * 1_000_000;
      assertThat(backoff.nanosAfter(failures)).isBetween(whole / 2, whole);
    }
  }

  @Test
  void repeatsAreAShareOfWhatSucceeds() {
    RetryBudget budget = new RetryBudget();
    int taken = 0;
    while (budget.take()) {
      taken++;
    }
    assertThat(taken).isEqualTo(RetryBudget.STOCK);
    for (int i = 0; i < 50; i++) {
      budget.succeeded();
    }
    for (int i = 0; i < 9; i++) {
      assertThat(budget.take()).isTrue();
    }
    budget.take();
    assertThat(budget.take()).isFalse();
  }

  @Test
  void aSlowHandlerHoldsLittleAndAFastOneMuch() {
    Appetite slow = new Appetite(16, 2_000);
    Appetite fast = new Appetite(16, 2_000);
    for (int i = 0; i < 1_000; i++) {
      slow.took(1_000_000_000);
      fast.took(5_000);
    }
    assertThat(new Appetite(16, 2_000).wanted()).isEqualTo(32);
    assertThat(slow.wanted()).isEqualTo(16);
    assertThat(fast.wanted()).isEqualTo(2_000);
  }

  @Test
  void roomIsGivenBackAndALargeMessageTakesAllOfIt() {
    Room room = new Room(100);
    assertThat(room.take(60, 0)).isTrue();
    assertThat(room.take(60, 0)).isFalse();
    room.giveBack(60);
    assertThat(room.take(5_000, 0)).isTrue();
    assertThat(room.take(1, 0)).isFalse();
    room.giveBack(5_000);
    assertThat(room.isWhole()).isTrue();
  }
}
