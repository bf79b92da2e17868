package io.tidewheel.journal;

import akka.Done;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a node keeps its logs in: where the cores write, and how it is read back. Safe for any
 * thread; closed with the actor system.
 *
 * <p>There are two families of logs: those of queues, with few large events, and all others, with
 * many small ones. A store may keep them apart.
 */
public interface NodeStore {
  /**
   * Completes when the store is there and is what it must be; fails with a {@link
   * StoreSetupException} if it is not what it must be. Until then nothing can be read or written.
   */
  CompletionStage<Done> ready();

  /** What all see who use the same store; null if nobody else can. */
  @Nullable SharedRegister register();

  /** Whether other nodes use the same store: it may then come and go while this node runs. */
  default boolean isShared() {
    return register() != null;
  }

  /** Where logs of queues go. */
  LogPlugins messageLogs();

  /** Where all other logs go. */
  LogPlugins smallLogs();

  /** Rows of the logs of queues. */
  RowReader messageRows();

  /** Rows of all other logs. */
  RowReader smallRows();

  /**
   * A value that is made once for all nodes and all times.
   *
   * @param name 1 to 255 bytes in UTF-8
   * @param fresh the value if there is none yet; may be asked for although it is not used
   * @return the value that is stored, whoever made it
   */
  CompletionStage<byte[]> readOrCreate(String name, Supplier<byte[]> fresh);

  /**
   * The epoch of a new owner after that of the row it replayed last. Where a store keeps the rows
   * of two writers, an owner may not see that another one has opened the log before it: counted,
   * both would have the same epoch, and the chain rule could not tell their rows apart.
   */
  long epochAfter(long epoch, RandomGenerator random);

  /** Whether publishers must be refused because there is no room for more messages. */
  boolean isFull();
}
