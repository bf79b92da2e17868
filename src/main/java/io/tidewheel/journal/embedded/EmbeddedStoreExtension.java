package io.tidewheel.journal.embedded;

import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.tidewheel.journal.PerSystem;
import java.nio.file.Path;

/**
 * The store of an actor system: opened from {@code tidewheel.journal.embedded} at the first access,
 * closed when the system has terminated and no actor is left.
 *
 * <p>Whoever starts a node asks for it early: a directory that can't be opened then stops the start
 * with a {@link StoreException}.
 */
public final class EmbeddedStoreExtension implements Extension {
  static final String CONFIG_PATH = "tidewheel.journal.embedded";

  /** Where what waits for the disk runs. */
  public static final String READ_DISPATCHER = CONFIG_PATH + ".read-dispatcher";

  private static final PerSystem<EmbeddedStoreExtension> PER_SYSTEM =
      new PerSystem<>(EmbeddedStoreExtension::new);

  private final EmbeddedStore store;
  private final EventSerialization serialization;
  private final StoreReads reads;

  private EmbeddedStoreExtension(ExtendedActorSystem system) {
    Config config = system.settings().config().getConfig(CONFIG_PATH);
    String directory = config.getString("directory");
    if (directory.isBlank()) {
      throw new ConfigException.BadValue(
          config.getValue("directory").origin(),
          CONFIG_PATH + ".directory",
          "was empty, expected the path of the data directory");
    }
    EmbeddedStoreSettings settings = EmbeddedStoreSettings.from(config);
    this.store = EmbeddedStore.open(Path.of(directory), settings);
    this.serialization = new EventSerialization(system, settings.maxRowBytes());
    this.reads =
        new StoreReads(system.dispatchers().lookup(READ_DISPATCHER), settings.maxConcurrentReads());
    system.registerOnTermination(store::close);
  }

  /**
   * The extension of a system; the first call opens the store.
   *
   * @throws StoreException if the data directory cannot be opened
   */
  public static EmbeddedStoreExtension get(ClassicActorSystemProvider system) {
    return PER_SYSTEM.get(system);
  }

  public EmbeddedStore store() {
    return store;
  }

  EventSerialization serialization() {
    return serialization;
  }

  StoreReads reads() {
    return reads;
  }
}
