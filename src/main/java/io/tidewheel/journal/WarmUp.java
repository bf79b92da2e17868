package io.tidewheel.journal;

import akka.Done;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.RecoveryFailed;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.SignalHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads a log that nobody writes, as a recovery does, before anybody waits for one: the first
 * recovery starts the plugin, loads some thousand classes and prepares statements.
 */
public final class WarmUp
    extends EventSourcedBehavior<WarmUp.Nothing, WarmUp.Nothing, WarmUp.Nothing> {
  private static final String NAME = "warm-up";

  /** One that waits for a store that went away may still be there when the next one starts. */
  private static final AtomicInteger STARTED = new AtomicInteger();

  private final LogPlugins plugins;
  private final CompletableFuture<Done> done;

  /** What never comes, but for the wish to end. */
  enum Nothing {
    NOTHING
  }

  private WarmUp(LogPlugins plugins, CompletableFuture<Done> done) {
    super(PersistenceId.ofUniqueId(NAME));
    this.plugins = plugins;
    this.done = done;
  }

  /** Completes when logs of both families could be read; fails if they cannot be now. */
  public static CompletionStage<Done> of(ActorSystem<?> system, NodeStore store) {
    return of(system, store.messageLogs())
        .thenCompose(read -> of(system, store.smallLogs()))
        .thenCompose(read -> store.messageRows().read(NAME, 1, 1, 1))
        .thenCompose(read -> store.smallRows().read(NAME, 1, 1, 1))
        .thenApply(read -> Done.getInstance());
  }

  private static CompletableFuture<Done> of(ActorSystem<?> system, LogPlugins plugins) {
    CompletableFuture<Done> done = new CompletableFuture<>();
    var reader =
        system.systemActorOf(
            Behaviors.<Nothing>setup(
                context -> {
                  context.setLoggerName(FencedLog.LOGGER_OF_FAILURES);
                  return new WarmUp(plugins, done);
                }),
            NAME + '-' + STARTED.incrementAndGet(),
            Props.empty());
    return done.whenComplete((read, failure) -> reader.tell(Nothing.NOTHING));
  }

  @Override
  public String journalPluginId() {
    return plugins.journal();
  }

  @Override
  public String snapshotPluginId() {
    return plugins.snapshots();
  }

  @Override
  public Nothing emptyState() {
    return Nothing.NOTHING;
  }

  @Override
  public CommandHandler<Nothing, Nothing, Nothing> commandHandler() {
    return (state, end) -> Effect().stop();
  }

  @Override
  public EventHandler<Nothing, Nothing> eventHandler() {
    return (state, event) -> state;
  }

  @Override
  public SignalHandler<Nothing> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), state -> done.complete(Done.getInstance()))
        .onSignal(
            RecoveryFailed.class,
            (state, signal) -> done.completeExceptionally(signal.getFailure()))
        .build();
  }
}
