package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.Done;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Down;
import akka.cluster.typed.Join;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes, on the second of which a probe may stand in for the watch. */
class QuorumWatchTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final ActorTestKit first = ClusterKit.create();
  private final ActorTestKit second = ClusterKit.create();
  private final QuorumLease lease = lease(Duration.ofMinutes(1));
  private final TestProbe<String> overdue = first.createTestProbe();
  private final TestProbe<Object> other = second.createTestProbe();

  @BeforeEach
  void join() {
    Cluster seed = Cluster.get(first.system());
    seed.manager().tell(Join.create(seed.selfMember().address()));
    Cluster.get(second.system()).manager().tell(Join.create(seed.selfMember().address()));
    overdue.awaitAssert(
        PATIENCE,
        () -> {
          assertThat(Members.view(seed).brokers()).hasSize(2);
          assertThat(Members.view(Cluster.get(second.system())).brokers()).hasSize(2);
          return null;
        });
  }

  @AfterEach
  void stop() {
    second.shutdownTestKit();
    first.shutdownTestKit();
  }

  @Test
  void twoThatSeeEachOtherHaveTheRightTogether() {
    watch(first, lease);
    QuorumLease otherLease = lease(Duration.ofMinutes(1));
    watch(second, otherLease);
    overdue.awaitAssert(
        PATIENCE,
        () -> {
          assertThat(lease.mayTakeOver()).isTrue();
          assertThat(otherLease.mayTakeOver()).isTrue();
          return null;
        });
  }

  @Test
  void claimsAreReadyAfterALook() {
    watch(first, lease);
    watch(second, lease(Duration.ofMinutes(1)));
    TestProbe<String> ready = first.createTestProbe();
    BooleanSupplier claim = lease.claim(() -> ready.ref().tell("ready"));
    ready.expectMessage(PATIENCE, "ready");
    assertThat(claim.getAsBoolean()).isTrue();
    BooleanSupplier later = lease.claim(() -> ready.ref().tell("later"));
    ready.expectMessage(PATIENCE, "later");
    assertThat(later.getAsBoolean()).isTrue();
  }

  /** Guards the time until what a broker that is down has left goes on: nobody waits for a tick. */
  @Test
  void asksAtOnceForOneThatIsDownAndHurriesWhileOthersDoNotKnow() {
    watch(first, lease);
    standIn();
    ActorTestKit third = ClusterKit.create();
    try {
      joinAsThird(third, first);
      NodeId gone = self(third);
      fish(ask -> ask.gone().isEmpty());
      Cluster.get(first.system())
          .manager()
          .tell(new Down(Cluster.get(third.system()).selfMember().address()));
      fish(ask -> ask.gone().contains(gone));
      long begun = System.nanoTime();
      for (int i = 0; i < 10; i++) {
        other.expectMessageClass(QuorumWatch.Ask.class, PATIENCE);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .as("ten questions")
          .isLessThan(QuorumLease.INTERVAL.multipliedBy(8));
    } finally {
      third.shutdownTestKit();
    }
  }

  /** Joins, until another node has seen it. */
  private void joinAsThird(ActorTestKit third, ActorTestKit witness) {
    Cluster.get(third.system())
        .manager()
        .tell(Join.create(Cluster.get(first.system()).selfMember().address()));
    overdue.awaitAssert(
        PATIENCE,
        () -> {
          assertThat(Members.view(Cluster.get(witness.system())).brokers()).hasSize(3);
          return null;
        });
  }

  private void fish(Predicate<QuorumWatch.Ask> wanted) {
    other.fishForMessage(
        PATIENCE,
        message ->
            message instanceof QuorumWatch.Ask ask && wanted.test(ask)
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
  }

  @Test
  void asksInTurnAndAnAnswerCounts() {
    ActorRef<QuorumWatch.Command> watch = watch(first, lease);
    standIn();
    QuorumWatch.Ask ask = other.expectMessageClass(QuorumWatch.Ask.class, PATIENCE);
    assertThat(ask.asker()).isEqualTo(self(first));
    assertThat(ask.gone()).isEmpty();
    assertThat(lease.isHeld()).as("its own answer is not enough").isFalse();
    QuorumWatch.Ask next = other.expectMessageClass(QuorumWatch.Ask.class, PATIENCE);
    assertThat(next.round()).isGreaterThan(ask.round());
    watch.tell(new QuorumWatch.Answered(next.round(), self(second), true, List.of(), 0));
    overdue.awaitAssert(
        PATIENCE,
        () -> {
          assertThat(lease.isHeld()).isTrue();
          return null;
        });
  }

  /** Guards against a question for each step of gossip, of which there are many. */
  @Test
  void gossipThatChangesNoMemberIsNoReasonToAsk() {
    long begun = System.nanoTime();
    watch(first, lease);
    standIn();
    other.expectMessageClass(QuorumWatch.Ask.class, PATIENCE);
    ActorTestKit third = ClusterKit.create();
    try {
      joinAsThird(third, second);
      long joined = System.nanoTime();
      long rounds = 0;
      while (System.nanoTime() - joined < Duration.ofSeconds(2).toNanos()) {
        rounds = other.expectMessageClass(QuorumWatch.Ask.class, PATIENCE).round();
      }
      // Two a second, and one for each of joining, up and what was late.
      double seconds = (System.nanoTime() - begun) / 1e9;
      assertThat((double) rounds).isBetween(3.0, 2 * seconds + 6);
    } finally {
      third.shutdownTestKit();
    }
  }

  @Test
  void saysYesToMembersOnly() {
    ActorRef<QuorumWatch.Command> watch = watch(first, lease);
    TestProbe<QuorumWatch.Answered> asker = first.createTestProbe();
    watch.tell(new QuorumWatch.Ask(1, self(second), List.of(), asker.ref()));
    assertThat(asker.receiveMessage(PATIENCE).isYes()).isTrue();
    NodeId stranger = new NodeId(self(second).address(), self(second).uid() + 1);
    watch.tell(new QuorumWatch.Ask(2, stranger, List.of(), asker.ref()));
    assertThat(asker.receiveMessage(PATIENCE).isYes()).as("another run at the address").isFalse();
  }

  @Test
  void whoResignsWritesNoMoreAndTellsTheOthers() {
    ActorRef<QuorumWatch.Command> watch = watch(first, lease);
    watch(second, lease(Duration.ofMinutes(1)));
    overdue.awaitAssert(
        PATIENCE,
        () -> {
          assertThat(lease.isHeld()).isTrue();
          return null;
        });
    TestProbe<Done> done = first.createTestProbe();
    watch.tell(new QuorumWatch.Resign(done.ref()));
    done.receiveMessage(PATIENCE);
    assertThat(lease.isHeld()).isFalse();
  }

  @Test
  void othersHearWhoResigns() {
    ActorRef<QuorumWatch.Command> watch = watch(first, lease);
    standIn();
    watch.tell(new QuorumWatch.Resign(first.<Done>createTestProbe().ref()));
    QuorumWatch.Resigned resigned =
        (QuorumWatch.Resigned)
            other
                .fishForMessage(
                    PATIENCE,
                    message ->
                        message instanceof QuorumWatch.Resigned
                            ? FishingOutcomes.complete()
                            : FishingOutcomes.continueAndIgnore())
                .get(0);
    assertThat(resigned.node()).isEqualTo(self(first));
  }

  @Test
  void saysOnceThatNobodyHasConfirmedIt() {
    watch(first, lease(Duration.ofSeconds(1)));
    overdue.expectMessage(PATIENCE, "overdue");
    overdue.expectNoMessage(Duration.ofSeconds(2));
  }

  @Test
  void answersSayWhatTimeItIs() {
    AtomicLong aheadMillis = new AtomicLong();
    InstantSource wall = () -> Instant.now().plusMillis(aheadMillis.get());
    ClusterClock clock = new ClusterClock(wall, System::nanoTime);
    watch(first, lease, clock);
    watch(second, lease(Duration.ofMinutes(1)), new ClusterClock(wall, System::nanoTime));
    aheadMillis.set(Duration.ofHours(1).toMillis());
    overdue.awaitAssert(
        PATIENCE,
        () -> {
          assertThat(clock.instant()).isAfter(Instant.now().plus(Duration.ofMinutes(59)));
          return null;
        });
  }

  private static QuorumLease lease(Duration joinTimeout) {
    return new QuorumLease(2, joinTimeout, System::nanoTime);
  }

  private static NodeId self(ActorTestKit node) {
    return Members.self(Cluster.get(node.system()));
  }

  private ActorRef<QuorumWatch.Command> watch(ActorTestKit node, QuorumLease held) {
    return watch(node, held, new ClusterClock(InstantSource.system(), System::nanoTime));
  }

  private ActorRef<QuorumWatch.Command> watch(
      ActorTestKit node, QuorumLease held, ClusterClock clock) {
    return node.system()
        .systemActorOf(
            QuorumWatch.create(held, clock, System::nanoTime, () -> overdue.ref().tell("overdue")),
            QuorumWatch.NAME,
            Props.empty());
  }

  private void standIn() {
    second
        .system()
        .systemActorOf(
            Behaviors.<Object>receiveMessage(
                message -> {
                  other.ref().tell(message);
                  return Behaviors.same();
                }),
            QuorumWatch.NAME,
            Props.empty());
  }
}
