package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.SubscriptionSettings.Condition;
import io.tidewheel.catalog.SubscriptionSettings.Condition.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeaderFilterTest {
  private static final Map<String, List<Condition>> FILTER =
      Map.of(
          "region",
          List.of(
              new Condition(Kind.EQUALS, List.of("eu", "uk")),
              new Condition(Kind.PREFIX, List.of("us-", "ca-"))),
          "test",
          List.of(
              new Condition(Kind.EXISTS, List.of("false")),
              new Condition(Kind.ANYTHING_BUT, List.of("yes", "on"))));

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "eu, -, true",
        "uk, -, true",
        "us-east, -, true",
        "ca-, -, true",
        "us, -, false",
        "EU, -, false",
        "-, -, false",
        "eu, no, true",
        "eu, yes, false",
        "eu, on, false",
        "asia, no, false"
      })
  void everyHeaderNeedsOneOfItsAlternatives(String region, String test, boolean isMatch) {
    Map<String, String> headers = new java.util.HashMap<>();
    headers.put("other", "x");
    if (region != null) {
      headers.put("region", region);
    }
    if (test != null) {
      headers.put("test", test);
    }
    assertThat(HeaderFilter.matches(FILTER, headers)).isEqualTo(isMatch);
  }

  @ParameterizedTest
  @CsvSource({"true, true", "false, false"})
  void existsIsAboutPresenceOnly(String exists, boolean isMatch) {
    Map<String, List<Condition>> filter =
        Map.of("h", List.of(new Condition(Kind.EXISTS, List.of(exists))));
    assertThat(HeaderFilter.matches(filter, Map.of("h", ""))).isEqualTo(isMatch);
    assertThat(HeaderFilter.matches(filter, Map.of())).isEqualTo(!isMatch);
  }

  @ParameterizedTest
  @CsvSource({"a, false", "b, true"})
  void anythingButNeedsTheHeader(String value, boolean isMatch) {
    Map<String, List<Condition>> filter =
        Map.of("h", List.of(new Condition(Kind.ANYTHING_BUT, List.of("a"))));
    assertThat(HeaderFilter.matches(filter, Map.of("h", value))).isEqualTo(isMatch);
    assertThat(HeaderFilter.matches(filter, Map.of())).isFalse();
  }
}
