package io.tidewheel.journal.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentUseTest {
  @Test
  void movesNothingWhileLessThanAThirdIsGarbage() {
    assertThat(SegmentUse.sparse(List.of(use(1, 70), use(2, 80)), 0)).isEmpty();
  }

  @Test
  void movesNothingWhileTheGarbageIsTolerated() {
    assertThat(SegmentUse.sparse(List.of(use(1, 1), use(2, 1)), 1_000)).isEmpty();
  }

  @Test
  void takesTheEmptiestUntilLessThanAThirdIsGarbage() {
    assertThat(SegmentUse.sparse(List.of(use(1, 90), use(2, 10), use(3, 90), use(4, 20)), 0))
        .containsExactly(2L);
    assertThat(SegmentUse.sparse(List.of(use(1, 70), use(2, 10), use(3, 70), use(4, 20)), 0))
        .containsExactly(2L, 4L);
  }

  @Test
  void ofNothingNothingIsSparse() {
    assertThat(SegmentUse.sparse(List.of(), 0)).isEmpty();
  }

  private static SegmentUse use(long segment, long liveBytes) {
    return new SegmentUse(segment, 100, liveBytes);
  }
}
