package io.tidewheel.cluster;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;

/** Kits that can make up a cluster: quick to join, and they end without handing over anything. */
final class ClusterKit {
  private static final Config CONFIG =
      ConfigFactory.parseString(
              "akka.cluster { sharding.role = null, gossip-interval = 50ms,"
                  + " leader-actions-interval = 50ms, periodic-tasks-initial-delay = 50ms }\n"
                  + "akka.coordinated-shutdown.run-by-actor-system-terminate = off")
          .withFallback(ConfigFactory.parseResources("tidewheel-akka.conf"))
          .withFallback(ConfigFactory.defaultReference())
          .resolve();

  private ClusterKit() {}

  static ActorTestKit create() {
    return ActorTestKit.create("tidewheel", CONFIG);
  }
}
