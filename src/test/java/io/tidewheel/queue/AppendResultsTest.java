package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AppendResultsTest {
  @Test
  void aPlainRunCountsOn() {
    AppendResults results = AppendResults.stored(7, 3);
    assertThat(results.isPlain()).isTrue();
    assertThat(results.count()).isEqualTo(3);
    assertThat(results.result(2, 0)).isEqualTo(new PublishResult.Stored(2, 7, false));
    assertThat(results.result(2, 2)).isEqualTo(new PublishResult.Stored(2, 9, false));
  }

  @Test
  void codesSayWhatBecameOfEachMessage() {
    AppendResults results =
        AppendResults.ofCodes(
            new long[] {
              AppendResults.codeOfStored(0),
              AppendResults.codeOfDuplicate(0),
              AppendResults.codeOfDuplicate(1L << 50),
              AppendResults.codeOfConflict()
            });
    assertThat(results.result(1, 0)).isEqualTo(new PublishResult.Stored(1, 0, false));
    assertThat(results.result(1, 1)).isEqualTo(new PublishResult.Stored(1, 0, true));
    assertThat(results.result(1, 2)).isEqualTo(new PublishResult.Stored(1, 1L << 50, true));
    assertThat(results.result(1, 3))
        .isInstanceOfSatisfying(
            PublishResult.Refused.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo(PublishResult.Reason.ID_CONFLICT);
              assertThat(refused.reason().isRetryable()).isFalse();
            });
  }

  @Test
  void equalsByWhatItSaysNotByItsForm() {
    AppendResults run = AppendResults.stored(7, 2);
    assertThat(run)
        .isEqualTo(AppendResults.ofCodes(new long[] {7, 8}))
        .hasSameHashCodeAs(AppendResults.ofCodes(new long[] {7, 8}))
        .isNotEqualTo(AppendResults.stored(7, 3))
        .hasToString("AppendResults[7 + 2]");
  }

  @Test
  void keepsItsOwnCopyOfTheCodes() {
    long[] codes = {1, 2};
    AppendResults results = AppendResults.ofCodes(codes);
    codes[0] = 9;
    results.codes()[1] = 9;
    assertThat(results.codes()).containsExactly(1, 2);
  }
}
