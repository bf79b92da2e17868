package io.tidewheel.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidewheel.backlog.BoardNews;
import io.tidewheel.backlog.Standing;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.backlog.Standing.Nearness;
import io.tidewheel.backlog.Standing.Place;
import io.tidewheel.subscription.Since;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import io.tidewheel.subscription.Tally;
import java.util.List;
import org.junit.jupiter.api.Test;

class ObservationsTest {
  private static final Place PLACE = new Place(2, 0);
  private static final Home OTHER = new Home("b:1", 9, Nearness.FAR);

  private final Observations observations = new Observations();
  private long seconds;

  @Test
  void knowsNoRateOfWhatWasThereBefore() {
    take(row(OTHER, 1, 1_000_000, 999_000, 0));
    tick(5);
    assertThat(observations.rates(PLACE)).isEqualTo(Rates.NONE);
    assertThat(observations.here().counts()).isEqualTo(Since.NONE);
  }

  @Test
  void countsAllThatAnOwnerOfThisNodeDidBeforeItsFirstReport() {
    take(row(Home.ALONE, 1, 7, 3, 1));
    take(row(Home.ALONE, 1, 9, 3, 1));
    assertThat(observations.here().counts()).isEqualTo(new Since(9, 3, 0, 0, 0, 0, 1));
  }

  @Test
  void givesRatesWhileCountsMoveAndNoneAfterwards() {
    take(row(Home.ALONE, 1, 0, 0, 0));
    for (int second = 1; second <= 20; second++) {
      take(row(Home.ALONE, 1, 50L * second, 30L * second, second));
      tick(1);
    }
    Rates rates = observations.rates(PLACE);
    assertThat(rates.in()).isEqualTo(50, within(0.01));
    assertThat(rates.out()).isEqualTo(30, within(0.01));
    assertThat(rates.failed()).isEqualTo(1, within(0.01));
    tick(15);
    assertThat(observations.rates(PLACE)).isEqualTo(Rates.NONE);
  }

  @Test
  void startsAWindowWhereThePlaceStoodBefore() {
    take(row(Home.ALONE, 1, 100, 0, 0));
    tick(30);
    take(row(Home.ALONE, 1, 110, 0, 0));
    tick(1);
    assertThat(observations.rates(PLACE).in()).isEqualTo(10, within(0.01));
  }

  @Test
  void countsEveryFailureOnceAcrossOwners() {
    take(row(Home.ALONE, 1, 10, 0, 5));
    take(row(Home.ALONE, 1, 10, 0, 7));
    take(row(Home.ALONE, 2, 10, 0, 3));
    take(row(Home.ALONE, 2, 10, 0, 4));
    assertThat(observations.counts(PLACE).failed()).isEqualTo(2 + 3 + 1);
  }

  @Test
  void goesOnWhereItWasWhenAPlaceMovesToAnotherNode() {
    take(row(Home.ALONE, 1, 100, 50, 0));
    observations.take(new BoardNews.Changes(List.of(), List.of(PLACE), false, false));
    assertThat(observations.all()).isEmpty();
    tick(5);
    take(row(OTHER, 2, 30, 10, 0));
    assertThat(observations.all()).hasSize(1);
    assertThat(observations.counts(PLACE).stored()).isEqualTo(30);
    assertThat(observations.here().counts().stored()).as("on this node").isEqualTo(100);
    assertThat(observations.here().places()).isZero();
  }

  @Test
  void forgetsPlacesThatStayAway() {
    take(row(Home.ALONE, 1, 100, 50, 0));
    take(row(Home.ALONE, 1, 150, 50, 0));
    observations.take(new BoardNews.Changes(List.of(), List.of(PLACE), false, false));
    tick(40);
    assertThat(observations.counts(PLACE)).isEqualTo(Since.NONE);
    assertThat(observations.rates(PLACE)).isEqualTo(Rates.NONE);
  }

  @Test
  void beginsAnewWithTheBoardWithoutLosingCounts() {
    take(row(Home.ALONE, 1, 100, 50, 0));
    observations.take(
        new BoardNews.Changes(List.of(row(Home.ALONE, 1, 120, 50, 0)), List.of(), true, false));
    assertThat(observations.all()).hasSize(1);
    assertThat(observations.counts(PLACE).stored()).isEqualTo(20);
    observations.take(new BoardNews.Changes(List.of(), List.of(), true, false));
    assertThat(observations.all()).isEmpty();
  }

  private void take(Standing row) {
    observations.take(new BoardNews.Changes(List.of(row), List.of(), false, false));
  }

  private void tick(int count) {
    for (int i = 0; i < count; i++) {
      seconds++;
      observations.tick(seconds * 1_000_000_000L);
    }
  }

  private static Standing row(Home home, long claim, long appended, long acked, long failed) {
    Tally tally = new Tally(0, 0, 0, 1, null, new Since(appended, acked, 0, 0, 0, 0, failed));
    Row row = new Row(1, 2, 0, claim, 0, appended - acked, 0, 1_000, Presence.AWAKE, tally);
    return new Standing(row, home, 1);
  }
}
