package io.tidewheel.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AppetiteTest {
  /** With two at a time, and 100 in hand at most. */
  @ParameterizedTest
  @CsvSource({"0,100", "1,100", "6,18", "11,11", "30,5", "50,4", "200,2", "5000,2"})
  void holdsWhatCanBeHandledInAMoment(long millis, int wanted) {
    Appetite appetite = new Appetite(2, 100);
    for (int i = 0; i < 500; i++) {
      appetite.took(TimeUnit.MILLISECONDS.toNanos(millis));
    }
    assertThat(appetite.wanted()).isEqualTo(wanted);
  }
}
