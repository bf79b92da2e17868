package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.persistence.PersistentRepr;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.journal.FencedLog.Answer;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.FencedLog.Done;
import io.tidewheel.journal.FencedLog.Request;
import io.tidewheel.journal.FencedLog.Submit;
import io.tidewheel.journal.SumCodec.Added;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * An owner died while its write was under way, the next owner opened the log without seeing that
 * row, and the row came to light later: whatever the next one reads last stays what it was.
 */
class TwoWriterTest {
  private static final CheckpointPolicy NO_CHECKPOINTS = new CheckpointPolicy(1_000_000, 1_000_000);
  private static ActorTestKit kit;
  private final TestProbe<Answer<Long>> answers = kit.createTestProbe();

  @BeforeAll
  static void start() {
    kit =
        ActorTestKit.create(
            ConfigFactory.parseString(
                    """
                    akka.persistence.journal.plugin = two-writers
                    two-writers.class = "io.tidewheel.journal.TwoWriterJournal"
                    akka.persistence.journal-plugin-fallback.replay-filter.mode = off
                    """)
                .withFallback(ConfigFactory.parseResources("journal-test.conf"))
                .withFallback(ConfigFactory.load()));
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private long sumAfterAdding(String id, int number) {
    ActorRef<Request<Integer, Long>> log =
        kit.spawn(SumLog.create(id, Ownerships.counted("n1", Fence.ALWAYS, NO_CHECKPOINTS), false));
    log.tell(new Submit<>(number, answers.getRef()));
    Answer<Long> answer = answers.receiveMessage();
    kit.stop(log);
    return ((Done<Long>) answer).result();
  }

  private static List<LogRow<?>> rows(String id, long seqNr) {
    return TwoWriterJournal.ROWS.stream()
        .filter(row -> row.persistenceId().equals(id) && row.sequenceNr() == seqNr)
        .<LogRow<?>>map(TwoWriterTest::payload)
        .toList();
  }

  private static LogRow<?> payload(PersistentRepr row) {
    return (LogRow<?>) row.payload();
  }

  private static final LogRow<Added> FIRST = new LogRow.Opened<>(1, "a", 0, 0);
  private static final LogRow<Added> SECOND = new LogRow.Opened<>(2, "b", 1, 5);
  private static final LogRow<Added> LATE = new LogRow.Entry<>(1, new Added(100));

  @Test
  void theLateRowIsReadLastAndStays() {
    TwoWriterJournal.put("x", 1, FIRST);
    TwoWriterJournal.put("x", 2, new LogRow.Entry<>(1, new Added(5)));
    TwoWriterJournal.put("x", 3, SECOND);
    TwoWriterJournal.put("x", 3, LATE);
    assertThat(sumAfterAdding("x", 0)).isEqualTo(105);
    assertThat(sumAfterAdding("x", 1)).isEqualTo(106);
    assertThat(rows("x", 4)).containsExactly(new LogRow.Opened<Added>(2, "n1", 1, 105));
    assertThat(sumAfterAdding("x", 0)).isEqualTo(106);
  }

  @Test
  void theOpenedIsReadLastAndStays() {
    TwoWriterJournal.put("y", 1, FIRST);
    TwoWriterJournal.put("y", 2, new LogRow.Entry<>(1, new Added(5)));
    TwoWriterJournal.put("y", 3, LATE);
    TwoWriterJournal.put("y", 3, SECOND);
    assertThat(sumAfterAdding("y", 0)).isEqualTo(5);
    assertThat(sumAfterAdding("y", 1)).isEqualTo(6);
    assertThat(rows("y", 4)).containsExactly(new LogRow.Opened<Added>(3, "n1", 2, 5));
    assertThat(sumAfterAdding("y", 0)).isEqualTo(6);
  }
}
