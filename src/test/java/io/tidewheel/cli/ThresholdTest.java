package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ThresholdTest {
  private static final Map<String, Double> FIGURES =
      Map.of("p99", 50.0, "rate", 12_000.0, "errors", 0.0, "pull.p99.9", 3.0, "rss", 1_024.0);

  @ParameterizedTest
  @CsvSource({
    "p99>50ms, false",
    "p99>49.9ms, true",
    "p99>0.05s, false",
    "p99>49000us, true",
    "rate<12000/s, false",
    "rate<12000.5/s, true",
    "errors>0, false",
    "pull.p99.9 < 4ms, true",
    "rss>1GiB, false",
    "rss>1023MiB, true"
  })
  void comparesInTheUnitOfTheFigure(String text, boolean isMissed) {
    assertThat(Threshold.parse(text).isMissed(FIGURES)).isEqualTo(isMissed);
  }

  @Test
  void failsWhenTheFigureIsUnknown() {
    assertThat(Threshold.parse("cpu>1000").isMissed(FIGURES)).isTrue();
    assertThat(Threshold.parse("p9<0").isMissed(FIGURES)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "p99", "p99>", ">5ms", "p99=5ms", "p99>5 minutes", "p99>-1ms"})
  void refusesWhatIsNoCondition(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Threshold.parse(text))
        .withMessageContaining("p99>50ms");
  }
}
