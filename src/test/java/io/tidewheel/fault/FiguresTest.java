package io.tidewheel.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FiguresTest {
  private static final long SECOND = 1_000_000_000;
  private static final Fault FAULT = new Fault(1, Set.of(0), 10 * SECOND, 20 * SECOND);
  private final List<Call> calls = new ArrayList<>();

  @Test
  void tellsQueuesThatWereHitFromOthersWhileTheFaultLasts() {
    call(CallKind.ID_ONCE, 0, 5, true);
    call(CallKind.ID_ONCE, 0, 11, false);
    call(CallKind.ID_ONCE, 0, 19, true);
    call(CallKind.ID_ONCE, 1, 11, true);
    call(CallKind.ID_ONCE, 1, 21, false);
    Figures figures = figures();
    assertThat(figures.hitFirstTry()).isEqualTo(0.5);
    assertThat(figures.othersFirstTry()).isEqualTo(1);
    assertThat(figures.errors()).isEqualTo(2);
    assertThat(figures.perSecond(Figures.Line.FIRST_TRY_HIT)[11]).isZero();
    assertThat(figures.perSecond(Figures.Line.FIRST_TRY_HIT)[19]).isEqualTo(1);
    assertThat(figures.perSecond(Figures.Line.FIRST_TRY_OTHERS)[3]).isNaN();
  }

  @Test
  void countsFreeMessagesFromTheThirdSecondOfAFault() {
    call(CallKind.FREE, -1, 11, false);
    call(CallKind.FREE, -1, 12, true);
    call(CallKind.FREE, -1, 13, false);
    assertThat(figures().free()).isEqualTo(0.5);
  }

  @Test
  void measuresFromTheFaultToTheFirstThatWasBegunAfterItAndStored() {
    stored(0, 9, 11);
    stored(0, 12, 17);
    stored(0, 12, 18);
    assertThat(figures().firstSuccessMillis(false)).containsExactly(7_000L);
    assertThat(figures().firstSuccessMillis(true)).containsExactly(10_000L);
    assertThat(figures().gapMillis(0)).isEqualTo(12_000);
    assertThat(figures().longestGapMillis()).isEqualTo(30_000);
  }

  @Test
  void seesWhatOneBrokerTook() {
    calls.add(new Call(CallKind.PROBE, 0, 2, 12 * SECOND, 13 * SECOND, true, true, 0, 201));
    calls.add(new Call(CallKind.PROBE, 0, 2, 14 * SECOND, 15 * SECOND, false, false, -1, 503));
    calls.add(new Call(CallKind.PROBE, 0, 1, 14 * SECOND, 15 * SECOND, true, true, 0, 201));
    Figures figures = figures();
    assertThat(figures.taken(2, 11 * SECOND, 20 * SECOND)).isEqualTo(1);
    assertThat(figures.taken(2, 13 * SECOND, 20 * SECOND)).isZero();
    assertThat(figures.probes(2, 11 * SECOND, 20 * SECOND)).isEqualTo(2);
    assertThat(figures.first503Millis(2, 10 * SECOND, 20 * SECOND)).isEqualTo(5_000);
    assertThat(figures.first503Millis(3, 10 * SECOND, 20 * SECOND)).isEqualTo(-1);
  }

  @Test
  void takesTheValueThatAShareDoesNotExceed() {
    assertThat(Figures.quantile(List.of(), 0.5)).isNaN();
    assertThat(Figures.quantile(List.of(1L, 2L, 3L, 4L), 0.5)).isEqualTo(2);
    assertThat(Figures.quantile(List.of(1L, 2L, 3L, 4L), 0.95)).isEqualTo(4);
    assertThat(Figures.quantile(List.of(1L, 2L, 3L, 4L), 1)).isEqualTo(4);
  }

  private Figures figures() {
    return new Figures(calls, List.of(FAULT), 0, 30 * SECOND);
  }

  private void call(CallKind kind, int boundTo, long second, boolean isOk) {
    calls.add(
        new Call(
            kind,
            boundTo,
            1,
            second * SECOND,
            second * SECOND + 1,
            isOk,
            isOk,
            isOk ? boundTo : -1,
            isOk ? 201 : 503));
  }

  private void stored(int queue, long from, long to) {
    calls.add(
        new Call(CallKind.ID_ONCE, queue, 1, from * SECOND, to * SECOND, true, true, queue, 201));
  }
}
