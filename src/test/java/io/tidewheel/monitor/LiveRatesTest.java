package io.tidewheel.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.feedback.Allowances.Allowed;
import io.tidewheel.subscription.Allowance.Reason;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LiveRatesTest {
  private final StagedMonitor monitor = new StagedMonitor();
  private final Map<Place, Rates> now = monitor.rates();
  private Allowed allowed = Allowed.UNBOUNDED;
  private final LiveRates live = new LiveRates(monitor, row -> allowed);

  @Test
  void tellsRatesThatComeAMomentAfterTheirRow() {
    Standing row = row(1);
    assertThat(live.of(row).rates()).isEqualTo(Rates.NONE);
    now.put(row.place(), new Rates(5, 0, 0));
    assertThat(live.changed(10).rows()).containsExactly(row);
    live.of(row);
    assertThat(live.changed(10).rows()).isEmpty();
  }

  @Test
  void keepsWhatIsThrottledAndTellsWhatItMayGiveOutThen() {
    Standing row = row(1);
    allowed = new Allowed(0, Reason.BACKEND);
    live.of(row);
    for (int look = 0; look < 10; look++) {
      assertThat(live.changed(10).rows()).isEmpty();
    }
    allowed = new Allowed(200, Reason.BACKEND);
    assertThat(live.changed(10).rows()).containsExactly(row);
    assertThat(live.of(row).allowed().rate()).isEqualTo(200);
    allowed = Allowed.UNBOUNDED;
    assertThat(live.changed(10).rows()).containsExactly(row);
    live.of(row);
    for (int look = 0; look < 10; look++) {
      live.changed(10);
    }
    assertThat(live.size()).isZero();
  }

  @Test
  void tellsThatRatesHaveComeToAnEnd() {
    Standing row = row(1);
    now.put(row.place(), new Rates(5, 0, 0));
    live.of(row);
    for (int look = 0; look < 100; look++) {
      assertThat(live.changed(10).rows()).isEmpty();
    }
    now.clear();
    assertThat(live.changed(10).rows()).containsExactly(row);
  }

  @Test
  void letsQuietRowsGo() {
    for (int queue = 0; queue < 10_000; queue++) {
      live.of(row(queue));
    }
    for (int look = 0; look < 4; look++) {
      live.changed(10);
    }
    assertThat(live.size()).isZero();
  }

  @Test
  void tellsNoMoreAtATimeThanAskedFor() {
    for (int queue = 0; queue < 30; queue++) {
      live.of(row(queue));
      now.put(row(queue).place(), new Rates(queue + 1, 0, 0));
    }
    List<Standing> first = live.changed(20).rows();
    assertThat(first).hasSize(20);
    first.forEach(live::of);
    assertThat(live.changed(20).rows()).hasSize(10).doesNotContainAnyElementsOf(first);
  }

  private static Standing row(int queue) {
    return new Standing(new Row(1, 2, queue, 3, 0, 0, 0, 0, Presence.AWAKE), Home.ALONE, 1);
  }
}
