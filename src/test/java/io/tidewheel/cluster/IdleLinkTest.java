package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Adapter;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import io.tidewheel.worker.IdleUses;
import io.tidewheel.worker.Idleness;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes that talk to each other. */
class IdleLinkTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final long UID = 5;

  private final AtomicLong nanos = new AtomicLong();
  private final ActorTestKit first = ClusterKit.create();
  private final ActorTestKit second = ClusterKit.create();
  private final Idleness firstIdleness = new Idleness(nanos::get);
  private final Idleness secondIdleness = new Idleness(nanos::get);

  @BeforeEach
  void join() {
    Cluster seed = Cluster.get(first.system());
    seed.manager().tell(Join.create(seed.selfMember().address()));
    Cluster.get(second.system()).manager().tell(Join.create(seed.selfMember().address()));
    first
        .createTestProbe()
        .awaitAssert(
            Duration.ofSeconds(20),
            () -> {
              assertThat(Members.view(seed).brokers()).hasSize(2);
              assertThat(Members.view(Cluster.get(second.system())).brokers()).hasSize(2);
              return null;
            });
    IdleUses.watch(firstIdleness, UID);
    IdleUses.watch(secondIdleness, UID);
  }

  @AfterEach
  void stop() {
    second.shutdownTestKit();
    first.shutdownTestKit();
  }

  @Test
  void whatAnotherNodeUsesIsNotIdleAndWhatIsIdleTakesNoPullsAnywhere() {
    ActorRef<IdleLink.Command> link = link(first, firstIdleness);
    link(second, secondIdleness);
    nanos.addAndGet(MINUTE.toNanos());
    IdleUses.use(secondIdleness, UID);
    assertThat(askAll(link)).isFalse();
    assertThat(IdleUses.mayPull(secondIdleness, UID)).isTrue();

    nanos.addAndGet(2 * MINUTE.toNanos());
    assertThat(askAll(link)).isTrue();
    assertThat(IdleUses.mayPull(secondIdleness, UID)).isFalse();
    link.tell(new IdleLink.EndAll(UID));
    first
        .createTestProbe()
        .awaitAssert(
            () -> {
              assertThat(IdleUses.mayPull(secondIdleness, UID)).isTrue();
              return null;
            });
  }

  /** Guards against a subscription that takes no pulls once the link has been started again. */
  @Test
  void aLinkThatEndsDoesNotKeepPullsAwayForLong() {
    ActorRef<IdleLink.Command> link = link(first, firstIdleness);
    ActorRef<IdleLink.Command> ends = link(second, secondIdleness);
    nanos.addAndGet(2 * MINUTE.toNanos());
    assertThat(askAll(link)).isTrue();
    Adapter.toClassic(second.system()).stop(Adapter.toClassic(ends));
    second.createTestProbe().expectTerminated(ends);
    link.tell(new IdleLink.EndAll(UID));
    assertThat(IdleUses.mayPull(secondIdleness, UID)).isFalse();
    nanos.addAndGet(Idleness.MAX_REMOVAL.toNanos());
    assertThat(IdleUses.mayPull(secondIdleness, UID)).isTrue();
  }

  /** Guards what is used through a node that can't be asked. */
  @Test
  void aNodeThatDoesNotAnswerMayUseIt() {
    ActorRef<IdleLink.Command> link = link(first, firstIdleness);
    nanos.addAndGet(2 * MINUTE.toNanos());
    assertThat(askAll(link)).isFalse();
  }

  private static boolean askAll(ActorRef<IdleLink.Command> link) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    link.tell(new IdleLink.AskAll(UID, MINUTE, answer));
    return answer.orTimeout(20, TimeUnit.SECONDS).join();
  }

  private static ActorRef<IdleLink.Command> link(ActorTestKit node, Idleness idleness) {
    return node.system().systemActorOf(IdleLink.create(idleness), IdleLink.NAME, Props.empty());
  }
}
