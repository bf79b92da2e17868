package io.tidewheel.journal;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.persistence.AtomicWrite;
import akka.persistence.DeleteMessagesSuccess;
import akka.persistence.JournalProtocol;
import akka.persistence.Persistence;
import akka.persistence.PersistentEnvelope;
import akka.persistence.PersistentRepr;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import scala.jdk.javaapi.CollectionConverters;

/** An actor system over a store, and the messages Akka's plugins understand. */
public final class PluginSystem implements AutoCloseable {
  public static final Duration PATIENCE = Duration.ofSeconds(20);
  public static final String WRITER = "b1a4b8c0-0000-4000-8000-000000000001";
  private static final int INSTANCE = 1;

  public final ActorSystem system;
  public final ActorRef journal;
  public final ActorRef snapshots;

  /** Over the plugins that the configuration names as default. */
  public PluginSystem(Config store) {
    Config config =
        ConfigFactory.parseString(
                """
                akka.actor.provider = local
                akka.actor.allow-java-serialization = off
                akka.loggers = ["akka.event.slf4j.Slf4jLogger"]
                akka.loglevel = WARNING
                akka.coordinated-shutdown.run-by-jvm-shutdown-hook = off
                """)
            .withFallback(store)
            .withFallback(ConfigFactory.parseResources("journal-test.conf"))
            .withFallback(ConfigFactory.load());
    this.system = ActorSystem.create("plugins", config);
    this.journal = Persistence.get(system).journalFor("", ConfigFactory.empty());
    this.snapshots = Persistence.get(system).snapshotStoreFor("", ConfigFactory.empty());
  }

  /** Over an embedded store. */
  public static PluginSystem embedded(Path directory) {
    return new PluginSystem(
        ConfigFactory.parseString(
            """
            tidewheel.journal.embedded.directory = "%s"
            akka.persistence.journal.plugin = "tidewheel.journal.embedded"
            akka.persistence.snapshot-store.plugin = "tidewheel.journal.embedded-snapshots"
            """
                .formatted(directory)));
  }

  public static PersistentRepr event(String persistenceId, long seqNr, Object payload) {
    return PersistentRepr.apply(
            payload, seqNr, persistenceId, "", false, ActorRef.noSender(), WRITER)
        .withTimestamp(1_000 * seqNr);
  }

  public static AtomicWrite atomic(PersistentRepr... events) {
    return new AtomicWrite(CollectionConverters.asScala(List.of(events)).toList());
  }

  /** Sends writes as a persistent actor does. */
  public void write(TestKit as, AtomicWrite... writes) {
    journal.tell(
        new JournalProtocol.WriteMessages(
            CollectionConverters.asScala(List.<PersistentEnvelope>of(writes)).toList(),
            as.getRef(),
            INSTANCE),
        as.getRef());
  }

  /** Writes events with payloads like {@code a-3}, one atomic write each, and awaits them. */
  public void writeEvents(String persistenceId, long from, long to) {
    TestKit actor = new TestKit(system);
    for (long seqNr = from; seqNr <= to; seqNr++) {
      write(actor, atomic(event(persistenceId, seqNr, "a-" + seqNr)));
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessagesSuccessful$.class);
      actor.expectMsgClass(PATIENCE, JournalProtocol.WriteMessageSuccess.class);
    }
  }

  /** What a replay gives: the events and the highest number. */
  public record Replayed(List<PersistentRepr> events, long highestSeqNr) {
    public List<Long> numbers() {
      return events.stream().map(PersistentRepr::sequenceNr).toList();
    }
  }

  public Replayed replay(String persistenceId, long from, long to, long max) {
    TestKit actor = new TestKit(system);
    journal.tell(
        new JournalProtocol.ReplayMessages(from, to, max, persistenceId, actor.getRef()),
        actor.getRef());
    List<PersistentRepr> events = new ArrayList<>();
    while (true) {
      Object message = actor.expectMsgAnyClassOf(PATIENCE, Object.class);
      if (message instanceof JournalProtocol.ReplayedMessage replayed) {
        events.add(replayed.persistent());
      } else if (message instanceof JournalProtocol.RecoverySuccess success) {
        return new Replayed(events, success.highestSequenceNr());
      } else {
        throw new AssertionError("unexpected: " + message);
      }
    }
  }

  public Replayed replayAll(String persistenceId) {
    return replay(persistenceId, 1, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  public void delete(String persistenceId, long to) {
    TestKit actor = new TestKit(system);
    journal.tell(
        new JournalProtocol.DeleteMessagesTo(persistenceId, to, actor.getRef()), actor.getRef());
    actor.expectMsgClass(PATIENCE, DeleteMessagesSuccess.class);
  }

  @Override
  public void close() {
    TestKit.shutdownActorSystem(system);
  }
}
