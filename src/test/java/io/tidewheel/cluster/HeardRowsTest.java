package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.cluster.BacklogLink.Rows;
import io.tidewheel.cluster.BacklogLink.Told;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeardRowsTest {
  private static final NodeId NODE = new NodeId("a:1", 1);

  private final HeardRows heard = new HeardRows();

  @Test
  void endsWhatTwoWholeRoundsDidNotName() {
    assertThat(heard.take(rows(1, told(0), told(1)))).hasSize(2);
    assertThat(heard.take(rows(2, told(0)))).hasSize(1);
    assertThat(heard.take(rows(3, told(0)))).hasSize(1);
    List<Told> ended = heard.take(rows(4, told(0)));
    assertThat(ended).extracting(told -> told.row().queue()).containsExactly(1, 0);
    assertThat(ended.get(0).row().isGone()).isTrue();
    assertThat(ended.get(0).number()).isGreaterThan(told(1).number());
    assertThat(heard.forget(NODE)).containsExactly(told(0));
    assertThat(heard.forget(NODE)).isEmpty();
  }

  @Test
  void keepsNoMoreThanItsBoundOfANode() {
    List<Told> many = new ArrayList<>();
    for (int queue = 0; queue < HeardRows.MAX_ROWS + 10; queue++) {
      many.add(told(queue));
    }
    assertThat(heard.take(new Rows(NODE, 1, many))).hasSize(HeardRows.MAX_ROWS);
    Told gone = new Told(told(0).row().empty(Presence.GONE), 2);
    assertThat(heard.take(rows(1, gone, told(HeardRows.MAX_ROWS + 5)))).hasSize(2);
  }

  private static Rows rows(long round, Told... told) {
    return new Rows(NODE, round, List.of(told));
  }

  private static Told told(int queue) {
    return new Told(new Row(1, 7, queue, 3, 1, 1, 0, 100, Presence.AWAKE), 1);
  }
}
