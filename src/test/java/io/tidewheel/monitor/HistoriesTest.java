package io.tidewheel.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoriesTest {
  private final Histories histories = new Histories();
  private long millis;

  @Test
  void keepsAnHourAndDropsTheOldestPoint() {
    for (int step = 0; step < Ring.POINTS + 5; step++) {
      add(Map.of(1L, point(step)));
    }
    History history = histories.view(1);
    assertThat(history.size()).isEqualTo(Ring.POINTS);
    assertThat(history.backlog().get(0)).isEqualTo(5);
    assertThat(history.backlog().get(Ring.POINTS - 1)).isEqualTo(Ring.POINTS + 4);
    assertThat(history.endMillis()).isEqualTo(millis);
  }

  @Test
  void goesOnWithZerosWhenATopicIsQuiet() {
    add(Map.of(1L, point(5)));
    add(Map.of());
    assertThat(histories.view(1).backlog()).containsExactly(5L, 0L);
  }

  @Test
  void sumsEverything() {
    add(Map.of(1L, point(5), 2L, point(7)));
    assertThat(histories.total().backlog()).containsExactly(12L);
  }

  @Test
  void keepsNoMoreThanTheBusiest() {
    Map<Long, Ring.Point> many = new HashMap<>();
    for (long topic = 1; topic <= 10_000; topic++) {
      many.put(topic, point(topic));
    }
    add(many);
    assertThat(histories.size()).isEqualTo(Histories.MAX_BUSY);
    assertThat(histories.view(10_000).size()).isEqualTo(1);
    assertThat(histories.view(1).size()).as("not among the busiest").isZero();
  }

  @Test
  void givesARingToWhoIsTwiceAsBusyOnly() {
    Map<Long, Ring.Point> many = new HashMap<>();
    for (long topic = 1; topic <= Histories.MAX_BUSY; topic++) {
      many.put(topic, point(10));
    }
    add(many);
    many.put(1_000L, point(19));
    add(many);
    assertThat(histories.size()).isEqualTo(Histories.MAX_BUSY);
    many.put(1_000L, point(21));
    add(many);
    assertThat(histories.size()).isEqualTo(Histories.MAX_BUSY);
    assertThat(histories.view(1_000).size()).isEqualTo(1);
  }

  @Test
  void keepsPointsOfATopicThatIsLookedAtHoweverQuiet() {
    histories.view(7);
    add(Map.of());
    add(Map.of());
    assertThat(histories.view(7).size()).isEqualTo(2);
  }

  @Test
  void boundsTheTopicsThatAreLookedAt() {
    for (long topic = 1; topic <= 1_000; topic++) {
      histories.view(topic);
    }
    assertThat(histories.size()).isEqualTo(Histories.MAX_VIEWED);
  }

  private void add(Map<Long, Ring.Point> points) {
    millis += 10_000;
    histories.add(millis, points);
  }

  private static Ring.Point point(long backlog) {
    return new Ring.Point(backlog, Rates.NONE);
  }
}
