package io.tidewheel.journal;

import akka.actor.ActorSystem;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.Extension;
import akka.persistence.PersistentRepr;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Rows in memory, as bytes, for tests of persistent actors: every write follows a script, so a test
 * can let one fail, let it be stored and then fail, or hold it back. Safe for any thread.
 */
public final class MemoryStore implements Extension, RowReader {
  /** Configuration of a local actor system that keeps rows here and snapshots in memory too. */
  public static final Config CONFIG =
      ConfigFactory.parseString(
              """
              akka.actor.provider = local
              akka.loglevel = WARNING
              akka.persistence.journal.plugin = memory-journal
              akka.persistence.snapshot-store.plugin = "akka.persistence.testkit.snapshotstore.pluginid"
              memory-journal {
                class = "io.tidewheel.journal.MemoryJournal"
                circuit-breaker { max-failures = 1000, call-timeout = 20s, reset-timeout = 1s }
                replay-filter.mode = off
              }
              """)
          .withFallback(
              akka.persistence.testkit.PersistenceTestKitSnapshotPlugin.getInstance().config());

  /** What happens to a write. */
  public enum Step {
    STORE,
    /** Nothing is stored, and the writer is told so. */
    FAIL,
    /** As a time limit that is over too early: stored, but the writer hears of a failure. */
    STORE_AND_FAIL,
    /** Waits for {@link MemoryStore#release}. */
    HOLD
  }

  private static final PerSystem<MemoryStore> PER_SYSTEM = new PerSystem<>(MemoryStore::new);

  private final ActorSystem system;
  private final Map<String, NavigableMap<Long, Stored>> logs = new HashMap<>();
  private final Map<String, Long> highest = new HashMap<>();
  private final Deque<Step> script = new ArrayDeque<>();
  private final List<Runnable> held = new ArrayList<>();
  private final Map<String, List<Stored>> everWritten = new HashMap<>();
  private boolean areDeletionsLost;
  private int writeCount;

  /** A row; its event without the payload, which is kept as bytes. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Stored(PersistentRepr row, byte[] bytes, int serializer, String manifest) {}

  private MemoryStore(ActorSystem system) {
    this.system = system;
  }

  /** The store of an actor system. */
  public static MemoryStore of(ClassicActorSystemProvider system) {
    return PER_SYSTEM.get(system);
  }

  /** Adds to what happens to the next writes; after the script all are stored. */
  public synchronized void script(Step... steps) {
    script.addAll(List.of(steps));
  }

  /** Lets held writes go on. */
  public void release() {
    List<Runnable> released;
    synchronized (this) {
      released = List.copyOf(held);
      held.clear();
    }
    released.forEach(Runnable::run);
  }

  /** Writes that were begun so far. */
  public synchronized int writeCount() {
    return writeCount;
  }

  /** Writes that wait for {@link #release}. */
  public synchronized int heldCount() {
    return held.size();
  }

  /** All events of an actor. */
  public synchronized List<Object> events(String persistenceId) {
    return logs.getOrDefault(persistenceId, new TreeMap<>()).values().stream()
        .map(this::decode)
        .toList();
  }

  synchronized CompletableFuture<Void> write(List<PersistentRepr> rows) {
    List<Stored> stored = rows.stream().map(this::encode).toList();
    writeCount++;
    Step step = script.isEmpty() ? Step.STORE : script.removeFirst();
    return switch (step) {
      case STORE -> {
        store(stored);
        yield CompletableFuture.completedFuture(null);
      }
      case FAIL -> CompletableFuture.failedFuture(new IllegalStateException("not stored"));
      case STORE_AND_FAIL -> {
        store(stored);
        yield CompletableFuture.failedFuture(new IllegalStateException("stored, but too late"));
      }
      case HOLD -> {
        CompletableFuture<Void> done = new CompletableFuture<>();
        held.add(
            () -> {
              store(stored);
              done.complete(null);
            });
        yield done;
      }
    };
  }

  synchronized void replay(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> to1) {
    logs.getOrDefault(persistenceId, new TreeMap<>()).subMap(from, true, to, true).values().stream()
        .limit(max)
        .forEach(stored -> to1.accept(stored.row.withPayload(decode(stored))));
  }

  synchronized long highestSeqNr(String persistenceId) {
    return highest.getOrDefault(persistenceId, 0L);
  }

  /** Whether deletions are answered but not done, as when a crash comes before them. */
  public synchronized void loseDeletions(boolean areLost) {
    areDeletionsLost = areLost;
  }

  /** All events an actor ever wrote, also those that are deleted. */
  public synchronized List<Object> written(String persistenceId) {
    return everWritten.getOrDefault(persistenceId, List.of()).stream().map(this::decode).toList();
  }

  synchronized void delete(String persistenceId, long to) {
    if (areDeletionsLost) {
      return;
    }
    logs.getOrDefault(persistenceId, new TreeMap<>()).headMap(to, true).clear();
  }

  @Override
  public synchronized CompletionStage<List<Row>> read(
      String persistenceId, long from, long to, long maxBytes) {
    List<Row> rows = new ArrayList<>();
    long bytes = 0;
    for (Stored stored : logs.getOrDefault(persistenceId, new TreeMap<>()).values()) {
      long seqNr = stored.row.sequenceNr();
      boolean isFull = !rows.isEmpty() && bytes + stored.bytes.length > maxBytes;
      if (seqNr >= from && seqNr <= to && !isFull) {
        rows.add(new Row(seqNr, decode(stored), stored.bytes.length));
        bytes += stored.bytes.length;
      }
    }
    return CompletableFuture.completedFuture(rows);
  }

  private synchronized void store(List<Stored> rows) {
    for (Stored stored : rows) {
      String persistenceId = stored.row.persistenceId();
      logs.computeIfAbsent(persistenceId, absent -> new TreeMap<>())
          .put(stored.row.sequenceNr(), stored);
      everWritten.computeIfAbsent(persistenceId, absent -> new ArrayList<>()).add(stored);
      highest.merge(persistenceId, stored.row.sequenceNr(), Math::max);
    }
  }

  private Stored encode(PersistentRepr row) {
    Serialization serialization = SerializationExtension.get(system);
    Serializer serializer = serialization.findSerializerFor(row.payload());
    return new Stored(
        row,
        serializer.toBinary(row.payload()),
        serializer.identifier(),
        Serializers.manifestFor(serializer, row.payload()));
  }

  private Object decode(Stored stored) {
    return SerializationExtension.get(system)
        .deserialize(stored.bytes, stored.serializer, stored.manifest)
        .get();
  }
}
