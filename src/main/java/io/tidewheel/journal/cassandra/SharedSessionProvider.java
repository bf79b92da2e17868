package io.tidewheel.journal.cassandra;

import akka.actor.ActorSystem;
import akka.stream.alpakka.cassandra.CqlSessionProvider;
import com.datastax.oss.driver.api.core.CqlSession;
import com.typesafe.config.Config;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * Gives Akka's plugins the session of the store, once it is checked. A plugin keeps a statement
 * that it could not prepare as failed for ever, so it must not see a Cassandra without its tables.
 */
public final class SharedSessionProvider implements CqlSessionProvider {
  private final ActorSystem system;

  /** Called by the plugin. */
  public SharedSessionProvider(ActorSystem system, Config config) {
    this.system = system;
  }

  @Override
  public Future<CqlSession> connect(ExecutionContext executor) {
    return FutureConverters.asScala(CassandraStore.get(system).session());
  }
}
