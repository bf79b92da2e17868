package io.tidewheel.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  @ParameterizedTest
  @ValueSource(
      strings = {
        PARENT,
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-later"
      })
  void takesWhatIsOneAlsoOfALaterVersion(String parent) {
    assertThat(TraceContext.isParent(parent)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00-1-2-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-\u00e4",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      })
  void takesNothingElse(String parent) {
    assertThat(TraceContext.isParent(parent)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "t@v=x y, ,b/c=\t1", "a=~"})
  void takesStates(String state) {
    assertThat(TraceContext.isState(state)).isEqualTo(!state.contains("\t1"));
  }

  @Test
  void leavesOutWhatIsNoneAndAStateWithoutAParent() {
    assertThat(cleaned(PARENT, "a=1")).containsOnlyKeys("traceparent", "tracestate", "x");
    assertThat(cleaned(PARENT, "no state")).containsOnlyKeys("traceparent", "x");
    assertThat(cleaned(PARENT, "a=1,".repeat(33))).containsOnlyKeys("traceparent", "x");
    assertThat(cleaned("00-1-2-01", "a=1")).containsOnlyKeys("x");
    assertThat(cleaned(null, "a=1")).containsOnlyKeys("x");
  }

  private static Map<String, String> cleaned(String parent, String state) {
    Map<String, String> headers = new HashMap<>(Map.of("x", "y", "tracestate", state));
    if (parent != null) {
      headers.put("traceparent", parent);
    }
    TraceContext.clean(headers);
    return headers;
  }
}
