package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializers;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.uuid.Uuids;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.RealCassandra;
import io.tidewheel.journal.FencedLog.Answer;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.FencedLog.Done;
import io.tidewheel.journal.FencedLog.Ownership;
import io.tidewheel.journal.FencedLog.Request;
import io.tidewheel.journal.FencedLog.Submit;
import io.tidewheel.journal.SumCodec.Added;
import io.tidewheel.journal.cassandra.CassandraFixture;
import io.tidewheel.journal.cassandra.CassandraStore;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Cassandra keeps the rows of two writers at one number. Rows are put there as an old owner would:
 * its write was under way when it lost the log. Recovery and reading back must agree on which rows
 * are valid, and keep to it.
 */
@Timeout(120)
class CassandraTwoWriterIT {
  private static final String KEYSPACE = RealCassandra.newKeyspace();
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final CheckpointPolicy NO_CHECKPOINTS = new CheckpointPolicy(1 << 20, 1 << 20);

  private static ActorTestKit kit;
  private static CassandraStore store;
  private static CqlSession cql;

  private final String id = "sum-" + UUID.randomUUID();
  private final TestProbe<Answer<Long>> answers = kit.createTestProbe();

  @BeforeAll
  static void start() {
    kit =
        ActorTestKit.create(
            ConfigFactory.parseString("akka.actor.provider = local")
                .withFallback(CassandraFixture.config(KEYSPACE, Map.of())));
    store = CassandraStore.get(kit.system());
    store.ready().toCompletableFuture().join();
    cql = RealCassandra.get().session(KEYSPACE);
  }

  @AfterAll
  static void stop() {
    cql.close();
    kit.shutdownTestKit();
  }

  private static Ownership ownership(CheckpointPolicy checkpoints) {
    return new Ownership(
        "n",
        Fence.ALWAYS,
        checkpoints,
        store.smallLogs(),
        epoch -> store.epochAfter(epoch, new Random(1)),
        new StoreTrouble(System::nanoTime),
        new Semaphore(1));
  }

  /** A new owner recovers, adds each number that is not 0, and gives the sum. */
  private long own(CheckpointPolicy checkpoints, int... numbers) {
    ActorRef<Request<Integer, Long>> log =
        kit.spawn(SumLog.create(id, ownership(checkpoints), true));
    long sum = 0;
    for (int number : numbers) {
      log.tell(new Submit<>(number, answers.getRef()));
      sum = ((Done<Long>) answers.receiveMessage(PATIENCE)).result();
    }
    kit.stop(log);
    return sum;
  }

  private long recovered() {
    return own(NO_CHECKPOINTS, 0);
  }

  private List<RowReader.Row> rows() {
    try {
      return store
          .smallRows()
          .read(id, 1, Long.MAX_VALUE, 1 << 20)
          .toCompletableFuture()
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** What a reader would add up. */
  private long read() {
    return rows().stream()
        .map(row -> (LogRow<?>) row.event())
        .mapToLong(row -> row instanceof LogRow.Entry<?> e ? ((Added) e.event()).number() : 0)
        .sum();
  }

  private LogRow<?> rowAt(long seqNr) {
    return (LogRow<?>)
        rows().stream().filter(row -> row.seqNr() == seqNr).findFirst().orElseThrow().event();
  }

  private void assertAll(long sum) {
    assertThat(recovered()).as("recovered").isEqualTo(sum);
    assertThat(read()).as("read back").isEqualTo(sum);
  }

  /** A row as the plugin stores it; of two at a number the earlier one is read first. */
  private void put(long seqNr, int millis, LogRow<?> row) {
    Serialization serialization = SerializationExtension.get(kit.system());
    cql.execute(
        "INSERT INTO small_log (persistence_id, partition_nr, sequence_nr, timestamp, timebucket,"
            + " writer_uuid, ser_id, ser_manifest, event_manifest, event)"
            + " VALUES (?, 0, ?, ?, '0', 'w', ?, ?, '', ?)",
        id,
        seqNr,
        Uuids.startOf(1_000_000 + millis),
        serialization.findSerializerFor(row).identifier(),
        Serializers.manifestFor(serialization.findSerializerFor(row), row),
        ByteBuffer.wrap(serialization.serialize(row).get()));
  }

  private static LogRow<Added> opened(long epoch, long previous, long position) {
    return new LogRow.Opened<>(epoch, "n" + epoch, previous, position);
  }

  private static LogRow<Added> entry(long epoch, int number) {
    return new LogRow.Entry<>(epoch, new Added(number));
  }

  /** The first owner has added 5; its next write is under way when the second one opens the log. */
  private void fiveOfTheFirst() {
    put(1, 10, opened(1, 0, 0));
    put(2, 20, entry(1, 5));
  }

  @ParameterizedTest
  @ValueSource(ints = {25, 35})
  void aLateRowLosesAgainstTheOneThatIsContinued(int lateMillis) {
    fiveOfTheFirst();
    put(3, 30, opened(2, 1, 5));
    put(4, 40, entry(2, 7));
    assertAll(12);
    put(3, lateMillis, entry(1, 100));
    assertAll(12);
    assertThat(own(NO_CHECKPOINTS, 1)).isEqualTo(13);
    assertAll(13);
  }

  /** An earlier one hides the tail, a later one is hidden itself. */
  @ParameterizedTest
  @CsvSource({"25, 105, 1", "35, 5, 2"})
  void whichOfTwoAtTheEndIsTakenStays(int lateMillis, long sum, long continuedEpoch) {
    fiveOfTheFirst();
    put(3, 30, opened(2, 1, 5));
    put(3, lateMillis, entry(1, 100));
    assertAll(sum);
    assertThat(own(NO_CHECKPOINTS, 1)).isEqualTo(sum + 1);
    assertThat(rowAt(4).continuesEpoch()).isEqualTo(continuedEpoch);
    assertAll(sum + 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {25, 35})
  void whatWasTakenAtTheEndStaysWhenAnotherRowComesToLight(int lateMillis) {
    fiveOfTheFirst();
    put(3, 30, opened(2, 1, 5));
    // Sees neither the late row nor anything behind the second owner's Opened.
    assertThat(own(NO_CHECKPOINTS, 1)).isEqualTo(6);
    put(3, lateMillis, entry(1, 100));
    assertAll(6);
  }

  @ParameterizedTest
  @ValueSource(ints = {25, 35})
  void readersSettleARangeThatEndsInDoubt(int lateMillis) throws Exception {
    fiveOfTheFirst();
    put(3, 30, opened(2, 1, 5));
    put(3, lateMillis, entry(1, 100));
    put(4, 40, entry(2, 7));
    List<RowReader.Row> rows =
        store.smallRows().read(id, 3, 3, 1 << 20).toCompletableFuture().get();
    assertThat(rows).extracting(RowReader.Row::event).containsExactly(opened(2, 1, 5));
  }

  @ParameterizedTest
  @ValueSource(ints = {25, 35})
  void aLateRowBeforeACheckpointChangesNothing(int lateMillis) {
    fiveOfTheFirst();
    put(3, 30, opened(2, 1, 5));
    put(4, 40, entry(2, 7));
    // The checkpoint is at row 7: Opened, Entry, Checkpoint.
    assertThat(own(new CheckpointPolicy(1 << 20, 6), 1, 0)).isEqualTo(13);
    assertThat(rowAt(7)).isInstanceOf(LogRow.Checkpoint.class);
    put(3, lateMillis, entry(1, 100));
    assertAll(13);
  }

  @ParameterizedTest
  @ValueSource(ints = {25, 35})
  void aLateRowRightBehindACheckpointLosesAgainstTheOneThatIsContinued(int lateMillis) {
    assertThat(own(new CheckpointPolicy(1 << 20, 3), 5, 6, 0)).isEqualTo(11);
    assertThat(rowAt(4)).isInstanceOf(LogRow.Checkpoint.class);
    long epoch = rowAt(4).epoch();
    put(5, 30, opened(epoch + 1, epoch, 11));
    put(6, 40, entry(epoch + 1, 7));
    put(5, lateMillis, entry(epoch, 100));
    assertAll(18);
  }

  @ParameterizedTest
  @ValueSource(ints = {25, 35})
  void aSnapshotOfAnOldOwnerPoisonsNothing(int lateMillis) {
    // The old owner's checkpoint, of which the snapshot is saved, comes to lie beside an Opened.
    assertThat(own(new CheckpointPolicy(1 << 20, 3), 5, 6, 0)).isEqualTo(11);
    long epoch = rowAt(4).epoch();
    cql.execute(
        "DELETE FROM small_log WHERE persistence_id = ? AND partition_nr = 0 AND sequence_nr = 4",
        id);
    put(4, 30, opened(epoch + 1, epoch, 11));
    put(4, lateMillis, new LogRow.Checkpoint<Added>(epoch));
    put(5, 40, entry(epoch + 1, 7));
    assertAll(18);
    assertThat(own(NO_CHECKPOINTS, 2)).isEqualTo(20);
    assertAll(20);
  }

  @Test
  void ownersThatDoNotKnowOfEachOtherAreToldApart() {
    fiveOfTheFirst();
    // The second owner opened the log, and a late row of the first one hides that from the third.
    put(3, 30, opened(2, 1, 5));
    put(3, 25, entry(1, 100));
    assertThat(own(NO_CHECKPOINTS, 1)).isEqualTo(106);
    // Then the second one's own late row comes to lie beside the third one's Opened.
    put(4, 26, entry(2, 1_000));
    assertAll(106);
  }

  @Test
  void trimsWhatTwoSnapshotsCoverInItsOwnTables() {
    int[] ones = new int[20];
    Arrays.fill(ones, 1);
    assertThat(own(new CheckpointPolicy(1 << 20, 4), ones)).isEqualTo(20);
    answers.awaitAssert(PATIENCE, () -> assertThat(rows().get(0).seqNr()).isGreaterThan(10));
    assertThat(
            cql.execute("SELECT deleted_to FROM small_log_metadata WHERE persistence_id = ?", id)
                .one())
        .isNotNull();
    assertThat(recovered()).isEqualTo(20);
  }
}
