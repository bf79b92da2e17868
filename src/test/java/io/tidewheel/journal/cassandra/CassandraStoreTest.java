package io.tidewheel.journal.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.Done;
import akka.actor.ActorSystem;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.config.CassandraSettings;
import io.tidewheel.config.ConfigurationFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CassandraStoreTest {
  /** Guards callers that wait for a Cassandra which never comes, when their node stops. */
  @Test
  void endsThoseThatWaitWhenItsSystemEnds() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ActorSystem system = system("127.0.0.1:" + silent.getLocalPort());
      CompletableFuture<Done> ready = CassandraStore.get(system).ready().toCompletableFuture();
      assertThat(ready).isNotDone();
      TestKit.shutdownActorSystem(system);
      assertThatThrownBy(() -> ready.get(10, TimeUnit.SECONDS)).hasMessageContaining("closed");
    }
  }

  private static ActorSystem system(String contactPoint) {
    Config base =
        ConfigFactory.parseMap(
                Map.of(
                    "tidewheel.store",
                    "cassandra",
                    "tidewheel.cassandra.contact-points",
                    List.of(contactPoint)))
            .withFallback(ConfigFactory.parseResources("journal-test.conf"))
            .withFallback(ConfigurationFile.load(null, Map.of()))
            .resolve();
    return ActorSystem.create(
        "waiting",
        ConfigFactory.parseString("akka.actor.provider = local")
            .withFallback(CassandraConfig.of(base, CassandraSettings.from(base))));
  }
}
