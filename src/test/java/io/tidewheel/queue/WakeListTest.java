package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.queue.WakeList.Place;
import org.junit.jupiter.api.Test;

class WakeListTest {
  private final WakeList list = new WakeList();

  @Test
  void givesWhatIsDueInOrderAndOnce() {
    list.put(new Place(1, 0), 300);
    list.put(new Place(2, 0), 100);
    list.put(new Place(3, 1), 200);
    assertThat(list.takeDue(99, 10)).isEmpty();
    assertThat(list.takeDue(250, 1)).containsExactly(new Place(2, 0));
    assertThat(list.takeDue(250, 10)).containsExactly(new Place(3, 1));
    assertThat(list.takeDue(300, 10)).containsExactly(new Place(1, 0));
    assertThat(list.isEmpty()).isTrue();
  }

  @Test
  void theLastTimeGivenCounts() {
    list.put(new Place(1, 0), 100);
    list.put(new Place(1, 0), 500);
    list.put(new Place(1, 1), 100);
    list.put(new Place(1, 1), Long.MAX_VALUE);
    assertThat(list.takeDue(400, 10)).isEmpty();
    assertThat(list.takeDue(500, 10)).containsExactly(new Place(1, 0));
    assertThat(list.isEmpty()).isTrue();
  }

  @Test
  void tellsWhenTheFirstIsDue() {
    assertThat(list.nextDueMillis()).isEqualTo(Long.MAX_VALUE);
    list.put(new Place(1, 0), 300);
    list.put(new Place(2, 0), 100);
    assertThat(list.nextDueMillis()).isEqualTo(100);
    list.put(new Place(2, 0), Long.MAX_VALUE);
    assertThat(list.nextDueMillis()).isEqualTo(300);
  }
}
