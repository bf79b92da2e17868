package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class QuorumLeaseTest {
  private static final NodeId A = new NodeId("a:1", 1);
  private static final NodeId B = new NodeId("b:1", 2);
  private static final NodeId C = new NodeId("c:1", 3);
  private static final long SECOND = 1_000_000_000L;

  private long now = 5 * SECOND;
  private final QuorumLease lease = new QuorumLease(2, Duration.ofSeconds(30), () -> now);

  @Test
  void isHeldFromTheTimeOfTheQuestionWhenAQuorumSaysYes() {
    long number = lease.begin(view(A, B, C)).number();
    now += SECOND;
    lease.onVote(number, A, yes());
    assertThat(lease.isHeld()).isFalse();
    lease.onVote(number, A, yes());
    assertThat(lease.isHeld()).as("one broker counts once").isFalse();
    lease.onVote(number, B, yes());
    assertThat(lease.isHeld()).isTrue();
    now += 3 * SECOND - 1;
    assertThat(lease.isHeld()).isTrue();
    now += 1;
    assertThat(lease.isHeld()).as("4 s after the question, not after the answer").isFalse();
  }

  @Test
  void answersOfDifferentQuestionsAreNotAddedUp() {
    long first = lease.begin(view(A, B, C)).number();
    long second = lease.begin(view(A, B, C)).number();
    lease.onVote(first, A, yes());
    lease.onVote(second, B, yes());
    assertThat(lease.isHeld()).isFalse();
  }

  /** Guards the description of the cluster, which is read while members come and go. */
  @Test
  void saysWhomItWaitsForWhileThatChanges() throws InterruptedException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicBoolean isOver = new AtomicBoolean();
    Thread reader =
        new Thread(
            () -> {
              while (!isOver.get()) {
                assertThat(lease.waitingFor()).isSubsetOf(B, C);
              }
            });
    reader.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));
    reader.start();
    for (int i = 0; i < 20_000; i++) {
      lease.observe(view(A, B, C));
      lease.observe(view(A));
      lease.onResigned(B);
      lease.onResigned(C);
    }
    isOver.set(true);
    reader.join();
    assertThat(failure.get()).isNull();
  }

  /** Guards a first seed that is restarted behind a partition and makes a cluster of its own. */
  @Test
  void aLoneNodeHasNoRightHoweverFewMembersItSees() {
    long number = lease.begin(view(A)).number();
    lease.onVote(number, A, yes());
    assertThat(lease.isHeld()).isFalse();
  }

  @Test
  void moreMembersThanConfiguredNeedTheirMajority() {
    long number = lease.begin(view(A, B, C, new NodeId("d:1", 4), new NodeId("e:1", 5))).number();
    lease.onVote(number, A, yes());
    lease.onVote(number, B, yes());
    assertThat(lease.isHeld()).isFalse();
    lease.onVote(number, C, yes());
    assertThat(lease.isHeld()).isTrue();
  }

  @Test
  void takesOverOnlyWhenTheRightOfTheLeaverHasEnded() {
    hold(view(A, B, C));
    assertThat(lease.mayTakeOver()).isTrue();
    QuorumLease.Question question = lease.begin(view(A, B));
    assertThat(question.gone()).containsExactly(C);
    assertThat(lease.mayTakeOver()).isFalse();
    lease.onVote(question.number(), A, yes(C, 3_000));
    lease.onVote(question.number(), B, yes(C, 1_500));
    assertThat(lease.isHeld()).isTrue();
    assertThat(lease.mayTakeOver()).as("B said yes to C 1.5 s ago").isFalse();
    now += 2_400_000_000L;
    lease.begin(view(A, B));
    assertThat(lease.mayTakeOver()).isFalse();
    now += 100_000_000L;
    lease.begin(view(A, B));
    assertThat(lease.mayTakeOver()).isTrue();
  }

  /** Guards a take-over against waiting for what one that came a moment ago can't know. */
  @Test
  void anyQuorumWillDo() {
    hold(view(A, B, C));
    NodeId newC = new NodeId("c:1", 4);
    QuorumLease.Question question = lease.begin(view(A, B, newC));
    lease.onVote(question.number(), newC, yes(C, 100));
    lease.onVote(question.number(), A, yes(C, 3_000));
    assertThat(lease.mayTakeOver()).isFalse();
    lease.onVote(question.number(), B, yes(C, 5_000));
    now += SECOND;
    lease.begin(view(A, B, newC));
    assertThat(lease.mayTakeOver()).isTrue();
  }

  /** Guards a log that moves against being read before the lease knows why it moved. */
  @Test
  void aClaimWaitsForALookThatBeganAfterIt() {
    hold(view(A, B, C));
    List<String> ready = new ArrayList<>();
    BooleanSupplier first = lease.claim(() -> ready.add("first"));
    assertThat(lease.mayTakeOver()).as("nobody has told it that C has left").isTrue();
    assertThat(first.getAsBoolean()).isFalse();
    long begun = lease.takeOvers().count();
    BooleanSupplier second = lease.claim(() -> ready.add("second"));
    lease.onLooked(view(A, B, C), begun);
    assertThat(first.getAsBoolean()).isTrue();
    assertThat(second.getAsBoolean()).as("the look may have begun before C left").isFalse();
    assertThat(ready).containsExactly("first");

    lease.onLooked(view(A, B), lease.takeOvers().count());
    assertThat(second.getAsBoolean()).isFalse();
    QuorumLease.Question question = lease.begin(view(A, B));
    lease.onVote(question.number(), A, yes(C, 4_000));
    assertThat(ready).containsExactly("first");
    lease.onVote(question.number(), B, yes(C, 5_000));
    assertThat(second.getAsBoolean()).isTrue();
    assertThat(ready).containsExactly("first", "second");
  }

  @Test
  void aClaimIsReadyWhenTheRightComes() {
    List<String> ready = new ArrayList<>();
    BooleanSupplier claim = lease.claim(() -> ready.add("ready"));
    lease.onLooked(view(A, B, C), 1);
    assertThat(ready).isEmpty();
    hold(view(A, B, C));
    assertThat(ready).containsExactly("ready");
    assertThat(claim.getAsBoolean()).isTrue();
  }

  @Test
  void whoeverStillTakesTheLeaverForAMemberDoesNotCount() {
    hold(view(A, B, C));
    QuorumLease.Question question = lease.begin(view(A, B));
    lease.onVote(question.number(), A, yes(C, 9_000));
    lease.onVote(question.number(), B, yes());
    assertThat(lease.mayTakeOver()).isFalse();
    question = lease.begin(view(A, B));
    lease.onVote(question.number(), A, yes(C, 9_500));
    lease.onVote(question.number(), B, yes(C, 9_000));
    assertThat(lease.mayTakeOver()).isTrue();
  }

  @Test
  void whoeverHasResignedIsNotWaitedFor() {
    hold(view(A, B, C));
    lease.onResigned(C);
    hold(view(A, B));
    assertThat(lease.mayTakeOver()).isTrue();
  }

  @Test
  void isOverdueAfterEightSecondsButNotForTimeItStoodStill() {
    hold(view(A, B, C));
    now += 60 * SECOND;
    lease.begin(view(A, B, C));
    assertThat(lease.isHeld()).isFalse();
    assertThat(lease.isOverdue()).isFalse();
    for (int tick = 0; tick < 14; tick++) {
      now += SECOND / 2;
      lease.begin(view(A, B, C));
    }
    assertThat(lease.isOverdue()).isTrue();
  }

  @Test
  void whoeverNeverGetsTheRightIsOverdueAfterTheTimeForJoining() {
    for (int tick = 0; tick < 59; tick++) {
      now += SECOND / 2;
      lease.begin(view(A));
    }
    assertThat(lease.isOverdue()).isFalse();
    now += SECOND / 2;
    lease.begin(view(A));
    assertThat(lease.isOverdue()).isTrue();
  }

  @Test
  void endsForEver() {
    hold(view(A, B, C));
    lease.end();
    assertThat(lease.isHeld()).isFalse();
    hold(view(A, B, C));
    assertThat(lease.isHeld()).isFalse();
  }

  private void hold(MemberView view) {
    long number = lease.begin(view).number();
    lease.onVote(number, A, yes());
    lease.onVote(number, B, yes());
  }

  private static VoteRecord.Vote yes() {
    return new VoteRecord.Vote(true, Map.of());
  }

  private static VoteRecord.Vote yes(NodeId gone, long silentMillis) {
    return new VoteRecord.Vote(true, Map.of(gone, silentMillis));
  }

  private static MemberView view(NodeId... brokers) {
    return new MemberView(A, Set.copyOf(List.of(brokers)), Set.of(), Set.of());
  }
}
