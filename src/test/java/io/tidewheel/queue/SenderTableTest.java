package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SenderTableTest {
  private final SenderTable table = new SenderTable();

  @Test
  void remembersTheSendersThatStoredLast() {
    for (int sender = 0; sender < SenderTable.MAX_SENDERS; sender++) {
      table.store(new SenderId(1, sender), 1, AppendResults.stored(sender, 1));
    }
    // Sender 0 stores again, so sender 1 is the least recent.
    table.store(new SenderId(1, 0), 2, AppendResults.stored(5_000, 1));
    table.store(new SenderId(2, 0), 1, AppendResults.stored(5_001, 1));
    assertThat(table.windows()).hasSize(SenderTable.MAX_SENDERS);
    assertThat(table.window(new SenderId(1, 1))).isNull();
    assertThat(table.window(new SenderId(1, 0))).isNotNull();
    assertThat(table.window(new SenderId(2, 0))).isNotNull();
  }

  /** Results of the least recent go first; that their numbers are stored stays known. */
  @Test
  void boundsResultsOverAllSenders() {
    int each = 1_000;
    for (int sender = 0; sender < 17; sender++) {
      table.store(new SenderId(1, sender), 1, AppendResults.ofCodes(new long[each]));
    }
    NumberWindow first = table.window(new SenderId(1, 0));
    assertThat(first.resultsOf(1)).isNull();
    assertThat(first.knowledgeOf(1)).isEqualTo(NumberWindow.Knowledge.STORED);
    assertThat(table.window(new SenderId(1, 1)).resultsOf(1)).isNotNull();
    assertThat(codes()).isLessThanOrEqualTo(SenderTable.MAX_RESULT_CODES);
  }

  @Test
  void evictedSendersGiveTheirResultsBack() {
    table.store(new SenderId(1, 0), 1, AppendResults.ofCodes(new long[16_000]));
    for (int sender = 1; sender <= SenderTable.MAX_SENDERS; sender++) {
      table.store(new SenderId(1, sender), 1, AppendResults.stored(sender, 1));
    }
    table.store(new SenderId(2, 0), 1, AppendResults.ofCodes(new long[15_000]));
    assertThat(table.window(new SenderId(2, 0)).resultsOf(1)).isNotNull();
    assertThat(table.window(new SenderId(1, 3)).resultsOf(1)).isNotNull();
  }

  /** One sender cannot exceed the bound alone. */
  @Test
  void aSenderLosesItsOwnResultsBeyondTheBound() {
    SenderId sender = new SenderId(1, 1);
    for (long number = 1; number <= 4; number++) {
      table.store(sender, number, AppendResults.ofCodes(new long[6_000]));
    }
    assertThat(table.window(sender).resultsOf(2)).isNull();
    assertThat(table.window(sender).resultsOf(3)).isNotNull();
    assertThat(codes()).isLessThanOrEqualTo(SenderTable.MAX_RESULT_CODES);
  }

  private int codes() {
    return table.windows().values().stream().mapToInt(NumberWindow::resultCodes).sum();
  }
}
