package io.tidewheel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "250ms,250",
    "0s,0",
    "30s,30000",
    "10m,600000",
    "2h,7200000",
    "24h,86400000",
    "7d,604800000"
  })
  void readsAndWritesTheSameText(String text, long millis) {
    assertThat(Durations.parse(text)).isEqualTo(Duration.ofMillis(millis));
    assertThat(Durations.format(Duration.ofMillis(millis))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0ms,0s", "1000ms,1s", "60s,1m", "90s,90s", "60m,1h", "1d,24h", "48h,2d", "36h,36h"})
  void writesTheLargestUnitThatIsExact(String text, String canonical) {
    assertThat(Durations.format(Durations.parse(text))).isEqualTo(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "30",
        "s",
        "-1s",
        "+1s",
        "1.5s",
        "1 s",
        "1S",
        "1w",
        "PT1S",
        "1s ",
        "10000000000s"
      })
  void refusesEverythingElseAndSaysHowToWriteIt(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("250ms, 30s, 10m, 2h or 7d");
  }

  @Test
  void cutsTheTextItRepeats() {
    assertThatThrownBy(() -> Durations.parse("x".repeat(10_000)))
        .hasMessageMatching("(?s).{1,150}");
  }

  @Test
  void takesTheLargestNumberItAllows() {
    assertThat(Durations.parse("9999999999d").toDays()).isEqualTo(9_999_999_999L);
  }
}
