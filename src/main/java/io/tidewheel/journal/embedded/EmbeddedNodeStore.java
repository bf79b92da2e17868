package io.tidewheel.journal.embedded;

import akka.Done;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.DispatcherSelector;
import io.tidewheel.journal.FreeSpace;
import io.tidewheel.journal.LogPlugins;
import io.tidewheel.journal.NodeStore;
import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.SharedRegister;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The embedded store as a node uses it; both families of logs are in the one directory. */
public final class EmbeddedNodeStore implements NodeStore {
  private final EmbeddedStore store;
  private final RowReader rows;
  private final FreeSpace space;

  private EmbeddedNodeStore(EmbeddedStore store, RowReader rows, FreeSpace space) {
    this.store = store;
    this.rows = rows;
    this.space = space;
  }

  /**
   * Opens the store of a system and watches the room on its disk.
   *
   * @param reserveBytes of the disk that messages do not get
   * @throws StoreException if the data directory cannot be opened
   */
  public static EmbeddedNodeStore open(ActorSystem<?> system, long reserveBytes) {
    EmbeddedStore store = EmbeddedStoreExtension.get(system).store();
    FreeSpace space = new FreeSpace(store.directory(), reserveBytes);
    system
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO,
            FreeSpace.INTERVAL,
            space::look,
            system
                .dispatchers()
                .lookup(DispatcherSelector.fromConfig(EmbeddedStoreExtension.READ_DISPATCHER)));
    return new EmbeddedNodeStore(store, new EmbeddedRowReader(system), space);
  }

  @Override
  public CompletionStage<Done> ready() {
    return CompletableFuture.completedFuture(Done.getInstance());
  }

  @Override
  public @Nullable SharedRegister register() {
    return null;
  }

  @Override
  public LogPlugins messageLogs() {
    return LogPlugins.DEFAULT;
  }

  @Override
  public LogPlugins smallLogs() {
    return LogPlugins.DEFAULT;
  }

  @Override
  public RowReader messageRows() {
    return rows;
  }

  @Override
  public RowReader smallRows() {
    return rows;
  }

  @Override
  public CompletionStage<byte[]> readOrCreate(String name, Supplier<byte[]> fresh) {
    return CompletableFuture.completedFuture(store.readOrCreate(name, fresh));
  }

  @Override
  public long epochAfter(long epoch, RandomGenerator random) {
    return epoch + 1;
  }

  @Override
  public boolean isFull() {
    return space.isFull();
  }
}
