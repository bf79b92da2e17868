package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadMarksTest {
  private final ReadMarks marks = new ReadMarks();

  @Test
  void findsTheNearestMarkAtOrBefore() {
    marks.put(10, 3);
    marks.put(20, 5);
    assertThat(marks.atOrBefore(9)).isNull();
    assertThat(marks.atOrBefore(10)).isEqualTo(new ReadMarks.Mark(10, 3));
    assertThat(marks.atOrBefore(19)).isEqualTo(new ReadMarks.Mark(10, 3));
    assertThat(marks.atOrBefore(99)).isEqualTo(new ReadMarks.Mark(20, 5));
  }

  /** A reader far behind keeps its mark while another one reads on in front of it. */
  @Test
  void theMarkSetLongestAgoGoesFirstNotTheLowest() {
    for (int i = 0; i < ReadMarks.MAX_MARKS; i++) {
      marks.put(1_000 + i, i);
    }
    marks.put(5, 1);
    assertThat(marks.atOrBefore(5)).isEqualTo(new ReadMarks.Mark(5, 1));
    assertThat(marks.atOrBefore(1_000)).isEqualTo(new ReadMarks.Mark(5, 1));
    assertThat(marks.atOrBefore(1_001)).isEqualTo(new ReadMarks.Mark(1_001, 1));
  }
}
