package io.tidewheel.backlog;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.backlog.HelpSimulation.Result;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How work spreads over nodes, in virtual time; a seed gives the same run each time. */
class HelpSimulationTest {
  private static final int NODES = 3;

  /** A round trip or two, and the turn of a board. */
  private static final long PROMPT_MILLIS = 10 * HelpSimulation.HOP_MILLIS;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void drainsABacklogOfOneNodeWithTheWorkersOfAll(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    int[] queues = new int[12];
    for (int i = 0; i < queues.length; i++) {
      queues[i] = run.queue(0);
      run.publish(queues[i], 500);
    }
    run.workers(NODES * 8, worker -> worker % NODES, 10, worker -> 10);
    Result result = run.run(60_000);
    long idealMillis = 12L * 500 * 10 / (NODES * 8);
    assertThat(result.drainedAtMillis()).isLessThan(idealMillis * 115 / 100);
    assertThat(result.longestIdleMillis()).isLessThan(1_000);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void drainsABacklogOfANodeWithoutWorkers(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    for (int i = 0; i < 12; i++) {
      run.publish(run.queue(0), 500);
    }
    run.workers(16, worker -> 1 + worker % 2, 10, worker -> 10);
    Result result = run.run(60_000);
    assertThat(result.drainedAtMillis()).isLessThan(12L * 500 * 10 / 16 * 115 / 100);
    assertThat(result.longestIdleMillis()).isLessThan(1_000);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void staysAtHomeWhileTheLoadIsBalanced(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    int[] queues = evenQueues(run);
    run.workers(NODES * 8, worker -> worker % NODES, 10, worker -> 10);
    // Half of what the workers can do.
    run.stream(queues, 1_200, 20_000);
    Result result = run.run(60_000);
    assertThat(result.localShare()).isGreaterThan(0.95);
    assertThat(result.longestIdleMillis()).isLessThan(100);
    assertThat(result.longestWaitMillis()).isLessThan(100);
  }

  /** Guards rooms of busy clients that are filled from other nodes. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void fillsTheRoomOfClientsFromTheirOwnNode(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    int[] queues = evenQueues(run);
    run.crews(8, 88, node -> 5);
    // 60 % of what the workers can do, in batches as publishers send them.
    run.bursts(queues, 2_880, 8, 20_000);
    Result result = run.run(60_000);
    assertThat(result.localShare()).isGreaterThan(0.98);
    assertThat(result.longestWaitMillis()).isLessThan(SubscriptionBoard.OWN_MILLIS);
  }

  /** Guards nodes that live on each other's work for ever, each because the other is away. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void comesHomeAfterAStorm(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    int[] queues = evenQueues(run);
    for (int queue : queues) {
      run.publish(queue, 20);
    }
    run.slowDown(15, 30);
    run.crews(4, 8, node -> 50);
    run.bursts(queues, 144, 1, 40_000);
    run.at(10_000, run::countFromNow);
    Result result = run.run(60_000);
    assertThat(result.localShare()).isGreaterThan(0.97);
  }

  /** Guards messages that wait for a timer although somebody elsewhere is free. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void wakesAFreeWorkerElsewhereWithoutATimer(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    int queue = run.queue(0);
    run.workers(8, worker -> 1 + worker % 2, 1, worker -> 10);
    run.stream(new int[] {queue}, 50, 20_000);
    Result result = run.run(60_000);
    assertThat(result.longestWaitMillis()).isLessThan(PROMPT_MILLIS);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void letsTheFastWorkersDoWhatTheSlowOnesCannot(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    for (int i = 0; i < 12; i++) {
      run.publish(run.queue(i % NODES), 400);
    }
    LongUnaryOperator handling = worker -> worker % NODES == 0 ? 100 : 10;
    run.workers(NODES * 8, worker -> worker % NODES, 4, handling);
    Result result = run.run(60_000);
    double perMilli = 8 / 100.0 + 16 / 10.0;
    assertThat(result.drainedAtMillis()).isLessThan((long) (12 * 400 / perMilli * 1.2));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void isTheSameForTheSameSeed(long seed) {
    assertThat(drain(seed)).isEqualTo(drain(seed));
  }

  private static Result drain(long seed) {
    HelpSimulation run = new HelpSimulation(NODES, seed);
    for (int i = 0; i < 5; i++) {
      run.publish(run.queue(i % 2), 100);
    }
    run.workers(6, worker -> worker % NODES, 10, worker -> 7);
    return run.run(60_000);
  }

  private static int[] evenQueues(HelpSimulation run) {
    return IntStream.range(0, 12).map(i -> run.queue(i % NODES)).toArray();
  }
}
