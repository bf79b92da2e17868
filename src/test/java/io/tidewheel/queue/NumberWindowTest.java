package io.tidewheel.queue;

import static io.tidewheel.queue.NumberWindow.Knowledge.FORGOTTEN;
import static io.tidewheel.queue.NumberWindow.Knowledge.NEW;
import static io.tidewheel.queue.NumberWindow.Knowledge.STORED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class NumberWindowTest {
  private final NumberWindow window = new NumberWindow();

  /** A high-water mark would call 41 a duplicate: refused, while 42 was stored. */
  @Test
  void aGapBelowAStoredNumberIsNew() {
    store(42);
    assertThat(window.knowledgeOf(41)).isEqualTo(NEW);
    assertThat(window.knowledgeOf(42)).isEqualTo(STORED);
    assertThat(window.knowledgeOf(43)).isEqualTo(NEW);
    store(41);
    assertThat(window.knowledgeOf(41)).isEqualTo(STORED);
  }

  @Test
  void remembersExactlyTheNumbersAboveItsFloor() {
    for (long number = 1; number <= NumberWindow.SIZE; number++) {
      store(number);
    }
    assertThat(window.floor()).isZero();
    assertThat(window.knowledgeOf(1)).isEqualTo(STORED);
    store(NumberWindow.SIZE + 1);
    assertThat(window.floor()).isEqualTo(1);
    assertThat(window.knowledgeOf(1)).isEqualTo(FORGOTTEN);
    assertThat(window.knowledgeOf(2)).isEqualTo(STORED);
    assertThat(window.knowledgeOf(NumberWindow.SIZE + 2)).isEqualTo(NEW);
  }

  /** Bits are used again by numbers that are 1,024 higher. */
  @Test
  void slidingClearsTheBitsItUsesAgain() {
    store(1);
    store(2);
    store(NumberWindow.SIZE + 2);
    assertThat(window.knowledgeOf(NumberWindow.SIZE + 1)).isEqualTo(NEW);
    assertThat(window.knowledgeOf(NumberWindow.SIZE + 2)).isEqualTo(STORED);
    assertThat(window.knowledgeOf(NumberWindow.SIZE + 3)).isEqualTo(NEW);
  }

  @Test
  void aJumpBeyondTheWindowClearsAll() {
    for (long number = 1; number <= NumberWindow.SIZE; number++) {
      store(number);
    }
    long far = 5L * NumberWindow.SIZE + 7;
    store(far);
    assertThat(window.floor()).isEqualTo(far - NumberWindow.SIZE);
    for (long number = window.floor() + 1; number < far; number++) {
      assertThat(window.knowledgeOf(number)).isEqualTo(NEW);
    }
    assertThat(window.knowledgeOf(far)).isEqualTo(STORED);
  }

  @Test
  void numbersBelowOneAreNeverNew() {
    assertThat(window.knowledgeOf(0)).isEqualTo(FORGOTTEN);
    assertThat(window.knowledgeOf(-1)).isEqualTo(FORGOTTEN);
    assertThatThrownBy(() -> store(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void takesTheLargestNumberThereIs() {
    store(Long.MAX_VALUE);
    assertThat(window.knowledgeOf(Long.MAX_VALUE)).isEqualTo(STORED);
    assertThat(window.knowledgeOf(Long.MAX_VALUE - 1)).isEqualTo(NEW);
  }

  @Test
  void keepsTheResultsOfTheFourStoredLast() {
    for (long number = 1; number <= 5; number++) {
      store(number);
    }
    assertThat(window.resultsOf(1)).isNull();
    assertThat(window.resultsOf(2)).isEqualTo(AppendResults.stored(2, 1));
    assertThat(window.resultsOf(5)).isEqualTo(AppendResults.stored(5, 1));
    assertThat(window.forgetOldestResults()).isTrue();
    assertThat(window.resultsOf(2)).isNull();
    assertThat(window.knowledgeOf(2)).isEqualTo(STORED);
  }

  @Test
  void countsWhatItsResultsWeigh() {
    store(1);
    window.store(2, AppendResults.ofCodes(new long[] {0, -1, -16}));
    assertThat(window.resultCodes()).isEqualTo(4);
  }

  @Test
  void refusesBitsOfAnotherSize() {
    assertThatThrownBy(() -> new NumberWindow(0, new long[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16 words");
  }

  /** The window against a plain set of all numbers. */
  @Property(tries = 300)
  void knowsWhatASetKnows(@ForAll("steps") List<Integer> steps) {
    NumberWindow tested = new NumberWindow();
    TreeSet<Long> stored = new TreeSet<>();
    long newest = 0;
    for (int step : steps) {
      long number = newest + step;
      long floor = Math.max(0, newest - NumberWindow.SIZE);
      if (number <= floor) {
        assertThat(tested.knowledgeOf(number)).isEqualTo(FORGOTTEN);
        continue;
      }
      assertThat(tested.knowledgeOf(number)).isEqualTo(stored.contains(number) ? STORED : NEW);
      tested.store(number, AppendResults.stored(number, 1));
      stored.add(number);
      newest = Math.max(newest, number);
    }
    for (long number = newest - NumberWindow.SIZE + 1; number <= newest + 3; number++) {
      if (number > 0) {
        assertThat(tested.knowledgeOf(number)).isEqualTo(stored.contains(number) ? STORED : NEW);
      }
    }
  }

  @Provide
  Arbitrary<List<Integer>> steps() {
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(8, Arbitraries.integers().between(-5, 5)),
            net.jqwik.api.Tuple.of(3, Arbitraries.integers().between(-1_100, 1_100)),
            net.jqwik.api.Tuple.of(1, Arbitraries.integers().between(1_000, 5_000)))
        .list()
        .ofMaxSize(60);
  }

  private void store(long number) {
    window.store(number, AppendResults.stored(number, 1));
  }
}
