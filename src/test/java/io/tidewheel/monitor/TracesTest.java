package io.tidewheel.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.monitor.Traces.Point;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TracesTest {
  private static final Point FREE = new Point(Double.POSITIVE_INFINITY, 3);

  private final Traces<String> traces = new Traces<>(2);

  @Test
  void beginsWhenSomethingIsBoundedAndGoesOnWithoutABound() {
    traces.add(Map.of("a", FREE));
    assertThat(all()).isEmpty();
    traces.add(Map.of("a", new Point(2, 1.5)));
    traces.add(Map.of("a", FREE));
    traces.add(Map.of());
    Trace<String> trace = all().get(0);
    assertThat(trace.bound()).containsExactly(2.0, Double.NaN, Double.NaN);
    assertThat(trace.actual()).containsExactly(1.5, 3.0, Double.NaN);
  }

  @Test
  void keepsAnHourAndForgetsWhatWasNotBoundedForOne() {
    for (int step = 0; step < Ring.POINTS + 5; step++) {
      traces.add(Map.of("a", new Point(step, step)));
    }
    assertThat(all().get(0).bound()).hasSize(Ring.POINTS).startsWith(5.0);
    assertThat(all().get(0).bound().get(Ring.POINTS - 1)).isEqualTo(Ring.POINTS + 4);
    for (int step = 1; step < Ring.POINTS; step++) {
      traces.add(Map.of("a", FREE));
    }
    assertThat(all()).hasSize(1);
    traces.add(Map.of("a", FREE));
    assertThat(all()).isEmpty();
  }

  @Test
  void makesRoomByWhatWasNotBoundedForLongestAndByNothingElse() {
    traces.add(Map.of("a", new Point(1, 1), "b", new Point(1, 1)));
    traces.add(Map.of("a", FREE, "b", new Point(1, 1), "c", new Point(1, 1)));
    assertThat(all()).extracting(Trace::of).containsExactly("b", "a");
    traces.add(Map.of("b", new Point(1, 1), "c", new Point(1, 1)));
    assertThat(all()).extracting(Trace::of).containsExactly("b", "c");
  }

  private List<Trace<String>> all() {
    return traces.all(Comparator.naturalOrder());
  }
}
