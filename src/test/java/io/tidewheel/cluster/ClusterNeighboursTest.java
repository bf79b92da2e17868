package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Props;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import akka.cluster.typed.Leave;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogReports;
import io.tidewheel.backlog.Claims;
import io.tidewheel.backlog.Offer;
import io.tidewheel.backlog.Standing.Home;
import io.tidewheel.backlog.Standing.Nearness;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Boards of two nodes that talk to each other over the network. */
class ClusterNeighboursTest {
  private static final Config BASE =
      ConfigFactory.parseResources("tidewheel-akka.conf")
          .withFallback(ConfigFactory.defaultReference());
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final InstantSource CLOCK = () -> Instant.ofEpochMilli(5_000);
  private static final long SUBSCRIPTION = 7;

  private final ActorTestKit first = kit("zone-a");
  private final ActorTestKit second = kit("zone-a");

  @BeforeEach
  void join() {
    Cluster seed = Cluster.get(first.system());
    seed.manager().tell(Join.create(seed.selfMember().address()));
    Cluster.get(second.system()).manager().tell(Join.create(seed.selfMember().address()));
    awaitBrokers(2);
  }

  @AfterEach
  void stop() {
    second.shutdownTestKit();
    first.shutdownTestKit();
  }

  @Test
  void wakesAWorkerOfAnotherNodeAndForgetsTheNodeWhenItLeaves() {
    ActorRef<BacklogBoard.Command> away = board(first, new Claims(CLOCK));
    Claims claims = new Claims(CLOCK);
    ActorRef<BacklogBoard.Command> home = board(second, claims);
    BacklogReports reports = new BacklogReports(home, claims);
    TestProbe<Offer> worker = first.createTestProbe(Offer.class);
    away.tell(new BacklogBoard.Candidates(SUBSCRIPTION, new BitSet(), 0, worker.getRef()));
    long version = worker.receiveMessage().version();
    away.tell(new BacklogBoard.Want(SUBSCRIPTION, 1, version, worker.getRef()));
    reports.report(new Row(1, SUBSCRIPTION, 3, reports.claim(), 2, 2, 0, 4_000, Presence.AWAKE));

    Offer offer = worker.receiveMessage(PATIENCE);
    assertThat(offer.rows().get(0).queue()).isEqualTo(3);
    assertThat(offer.rows().get(0).home().nearness()).isEqualTo(Nearness.ZONE);
    assertThat(offer.rows().get(0).home().node())
        .isEqualTo(Members.self(Cluster.get(second.system())).address());

    Cluster leaving = Cluster.get(second.system());
    leaving.manager().tell(Leave.create(leaving.selfMember().address()));
    worker.awaitAssert(
        PATIENCE,
        () -> {
          away.tell(new BacklogBoard.Candidates(SUBSCRIPTION, new BitSet(), 0, worker.getRef()));
          assertThat(worker.receiveMessage().rows()).isEmpty();
          return null;
        });
  }

  private void awaitBrokers(int count) {
    first
        .createTestProbe()
        .awaitAssert(
            PATIENCE,
            () -> {
              assertThat(Members.view(Cluster.get(first.system())).brokers()).hasSize(count);
              assertThat(Members.view(Cluster.get(second.system())).brokers()).hasSize(count);
              return null;
            });
  }

  private static ActorRef<BacklogBoard.Command> board(ActorTestKit node, Claims claims) {
    NodeId self = Members.self(Cluster.get(node.system()));
    Home home = new Home(self.address(), self.uid(), Nearness.HERE);
    ActorRef<BacklogBoard.Command> board =
        node.spawn(
            BacklogBoard.create(
                new BacklogBoard.Parts(home, claims, CLOCK, new SplittableRandom(5))));
    TestProbe<QueueWaker.Command> waker = node.createTestProbe(QueueWaker.Command.class);
    ActorRef<BacklogLink.Command> unused =
        node.system()
            .systemActorOf(
                BacklogLink.create(board, waker.getRef(), new BoardLag(() -> 0)),
                BacklogLink.NAME,
                Props.empty());
    return board;
  }

  private static ActorTestKit kit(String zone) {
    return ActorTestKit.create(
        "tidewheel",
        ConfigFactory.parseString(
                "akka.cluster.sharding.role = null\nakka.cluster.roles = [broker, " + zone + "]")
            .withFallback(BASE)
            .resolve());
  }
}
