package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.Props;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two nodes that tell each other where clients reach them. */
class AddressLinkTest {

  private final ActorTestKit first = ClusterKit.create();
  private final ActorTestKit second = ClusterKit.create();

  @AfterEach
  void stop() {
    second.shutdownTestKit();
    first.shutdownTestKit();
  }

  @Test
  void eachHearsOfTheOtherWhenItJoinsAndForgetsItWhenItLeaves() {
    Map<String, String> atFirst = link(first, "http://one:80");
    Map<String, String> atSecond = link(second, "http://two:80");
    Cluster seed = Cluster.get(first.system());
    Cluster other = Cluster.get(second.system());
    await(() -> assertThat(atFirst).containsOnlyKeys(Members.self(seed).address()));
    seed.manager().tell(Join.create(seed.selfMember().address()));
    other.manager().tell(Join.create(seed.selfMember().address()));

    Map<String, String> both =
        Map.of(
            Members.self(seed).address(), "http://one:80",
            Members.self(other).address(), "http://two:80");
    await(() -> assertThat(atFirst).isEqualTo(both));
    await(() -> assertThat(atSecond).isEqualTo(both));

    other.manager().tell(akka.cluster.typed.Leave.create(other.selfMember().address()));

    await(() -> assertThat(atFirst).containsOnlyKeys(Members.self(seed).address()));
  }

  private void await(Runnable holds) {
    first
        .createTestProbe()
        .awaitAssert(
            Duration.ofSeconds(20),
            () -> {
              holds.run();
              return null;
            });
  }

  private static Map<String, String> link(ActorTestKit node, String url) {
    Map<String, String> known = new ConcurrentHashMap<>();
    node.system().systemActorOf(AddressLink.create(url, known), AddressLink.NAME, Props.empty());
    return known;
  }
}
