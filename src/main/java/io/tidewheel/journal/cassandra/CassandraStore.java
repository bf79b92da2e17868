package io.tidewheel.journal.cassandra;

import akka.Done;
import akka.actor.ClassicActorSystemProvider;
import akka.actor.ExtendedActorSystem;
import akka.actor.Extension;
import akka.stream.alpakka.cassandra.DriverConfigLoaderFromConfig;
import com.datastax.oss.driver.api.core.CqlSession;
import com.typesafe.config.Config;
import io.tidewheel.config.CassandraSettings;
import io.tidewheel.journal.LogPlugins;
import io.tidewheel.journal.NodeStore;
import io.tidewheel.journal.PerSystem;
import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.SharedRegister;
import io.tidewheel.journal.StoreSetupException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in Cassandra, one for an actor system: one session, given away only after the keyspace
 * has been checked. Cassandra may be absent when it is made; it is then waited for.
 */
public final class CassandraStore implements Extension, NodeStore {
  private static final Logger LOG = LoggerFactory.getLogger(CassandraStore.class);
  private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

  /** Two owners that do not know of each other choose the same epoch once in so many times. */
  private static final int EPOCH_SPAN = 1 << 30;

  private static final PerSystem<CassandraStore> PER_SYSTEM = new PerSystem<>(CassandraStore::new);

  private final ExtendedActorSystem system;
  private final CassandraSettings settings;
  private final CompletableFuture<CqlSession> session = new CompletableFuture<>();
  private final SharedValues values;
  private final RowReader messageRows;
  private final RowReader smallRows;

  /** Also before it is checked. */
  private volatile @Nullable CqlSession opened;

  private volatile boolean isClosed;

  private CassandraStore(ExtendedActorSystem system) {
    this.system = system;
    Config config = system.settings().config();
    this.settings = CassandraSettings.from(config);
    this.values = new SharedValues(session, settings, this::later);
    this.messageRows = CassandraRowReader.of(system, session, "messages");
    this.smallRows = CassandraRowReader.of(system, session, "small");
    system.registerOnTermination(this::close);
    connect(config);
  }

  /** The store of a system; the first call begins to connect. */
  public static CassandraStore get(ClassicActorSystemProvider system) {
    return PER_SYSTEM.get(system);
  }

  CompletionStage<CqlSession> session() {
    return session;
  }

  private void connect(Config config) {
    LOG.info("connecting to Cassandra at {}", String.join(", ", settings.contactPoints()));
    CqlSession.builder()
        .withConfigLoader(
            DriverConfigLoaderFromConfig.fromConfig(config.getConfig(CassandraConfig.DRIVER)))
        .buildAsync()
        .whenComplete(
            (connected, failure) -> {
              if (failure != null) {
                session.completeExceptionally(setupFailure(failure));
                return;
              }
              opened = connected;
              if (isClosed) {
                connected.closeAsync();
              } else {
                check(connected);
              }
            });
  }

  /** Again and again while Cassandra does not answer; what is wrong for good ends it. */
  private void check(CqlSession connected) {
    new SetupCheck(connected, settings)
        .run()
        .whenComplete(
            (done, failure) -> {
              if (failure == null) {
                LOG.info("keyspace {} is as it must be", settings.keyspace());
                session.complete(connected);
              } else if (cause(failure) instanceof StoreSetupException || isClosed) {
                session.completeExceptionally(cause(failure));
                connected.closeAsync();
              } else {
                LOG.warn("Cassandra cannot be used yet: {}", cause(failure).toString());
                later(() -> check(connected));
              }
            });
  }

  private void later(Runnable action) {
    if (!isClosed) {
      system.scheduler().scheduleOnce(RETRY_INTERVAL, action, system.dispatcher());
    }
  }

  /** The driver gives up at once on a wrong password, and on settings that it does not take. */
  private static Throwable setupFailure(Throwable failure) {
    return new StoreSetupException("Cassandra refuses the connection: " + cause(failure));
  }

  static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private void close() {
    isClosed = true;
    session.completeExceptionally(new IllegalStateException("the store is closed"));
    CqlSession open = opened;
    if (open != null) {
      open.closeAsync();
    }
  }

  @Override
  public CompletionStage<Done> ready() {
    return session.thenApply(connected -> Done.getInstance());
  }

  @Override
  public SharedRegister register() {
    return values;
  }

  @Override
  public LogPlugins messageLogs() {
    return CassandraConfig.plugins("messages");
  }

  @Override
  public LogPlugins smallLogs() {
    return CassandraConfig.plugins("small");
  }

  @Override
  public RowReader messageRows() {
    return messageRows;
  }

  @Override
  public RowReader smallRows() {
    return smallRows;
  }

  @Override
  public CompletionStage<byte[]> readOrCreate(String name, Supplier<byte[]> fresh) {
    return values.readOrCreate(name, fresh);
  }

  @Override
  public long epochAfter(long epoch, RandomGenerator random) {
    return epoch + 1 + random.nextInt(EPOCH_SPAN);
  }

  /** Cassandra says so itself, by failing writes. */
  @Override
  public boolean isFull() {
    return false;
  }
}
