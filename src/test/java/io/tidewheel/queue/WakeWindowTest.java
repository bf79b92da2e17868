package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.queue.WakeList.Place;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class WakeWindowTest {
  private final WakeWindow window = new WakeWindow();
  private long nowMillis = 1_000_000;

  private Duration ask(int queue) {
    return window.ask(new Place(1, queue), nowMillis);
  }

  private void answer(int queue, long afterMillis) {
    nowMillis += afterMillis;
    window.onAnswer(new Place(1, queue), nowMillis);
  }

  @Test
  void hasRoomForABoundedNumberAndGetsItBack() {
    for (int i = 0; i < WakeWindow.FIRST; i++) {
      ask(i);
    }
    assertThat(window.room()).isZero();
    answer(3, 500);
    answer(4, 1);
    answer(4, 1);
    assertThat(window.room()).isEqualTo(2);
  }

  @Test
  void growsWithAnswersThatComeSoon() {
    for (int i = 0; i < 200; i++) {
      ask(i);
      answer(i, 10);
    }
    assertThat(window.room()).isEqualTo(WakeWindow.MOST);
  }

  @Test
  void shrinksWithAnswersThatComeLateOrNotAtAll() {
    for (int i = 0; i < 200; i++) {
      ask(i);
      answer(i, 10);
    }
    ask(0);
    answer(0, 2_000);
    assertThat(window.room()).isEqualTo(WakeWindow.MOST / 2);
    ask(0);
    window.onNoAnswer(new Place(1, 0));
    assertThat(window.room()).isEqualTo(WakeWindow.MOST / 4);
    for (int i = 0; i < 10; i++) {
      ask(i);
      answer(i, 2_000);
    }
    assertThat(window.room()).isEqualTo(WakeWindow.LEAST);
  }

  @Test
  void aRepeatTakesNoRoomOfItsOwn() {
    ask(0);
    ask(0);
    assertThat(window.room()).isEqualTo(WakeWindow.FIRST - 1);
  }

  @Test
  void waitsAboutAsLongAsAnswersTake() {
    for (int i = 0; i < 100; i++) {
      ask(i);
      answer(i, 10);
    }
    assertThat(ask(0)).isEqualTo(WakeWindow.LEAST_PATIENCE);
    answer(0, 3_000);
    assertThat(ask(1)).isEqualTo(Duration.ofSeconds(6));
  }

  /** All that are asked at the same time and do not answer say the same. */
  @Test
  void manyThatDoNotAnswerDoubleItOnce() {
    for (int i = 0; i < 100; i++) {
      ask(i);
      answer(i, 10);
    }
    for (int i = 0; i < WakeWindow.MOST; i++) {
      ask(i);
    }
    for (int i = 0; i < WakeWindow.MOST; i++) {
      window.onNoAnswer(new Place(1, i));
    }
    assertThat(ask(0)).isEqualTo(WakeWindow.LEAST_PATIENCE.multipliedBy(2));
  }

  @Test
  void aClockThatIsSetChangesNotMuch() {
    ask(0);
    answer(0, Duration.ofDays(1).toMillis());
    assertThat(ask(0)).isEqualTo(WakeWindow.MOST_PATIENCE);
    answer(0, -Duration.ofDays(2).toMillis());
    for (int i = 0; i < 100; i++) {
      ask(i);
      answer(i, 1);
    }
    assertThat(ask(0)).isEqualTo(WakeWindow.LEAST_PATIENCE);
  }
}
