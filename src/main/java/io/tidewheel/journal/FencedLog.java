package io.tidewheel.journal;

import akka.actor.typed.ActorRef;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.ActorContext;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.RecoveryFailed;
import akka.persistence.typed.SnapshotCompleted;
import akka.persistence.typed.SnapshotFailed;
import akka.persistence.typed.javadsl.CommandHandler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EffectBuilder;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehavior;
import akka.persistence.typed.javadsl.SignalHandler;
import java.util.concurrent.Semaphore;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The base of all persistent cores: one writer per log.
 *
 * <ol>
 *   <li>The fence is checked inline before each persist and before each answer; without it nothing
 *       is stored and nothing is confirmed.
 *   <li>Before its first other row each incarnation stores {@link LogRow.Opened}. One row per
 *       persist, so a late write of an old owner can land in one place only, and {@link RowChain}
 *       settles that.
 *   <li>Snapshots are saved only at a {@link LogRow.Checkpoint}, a row of its own, so neither a
 *       late owner's batch nor a publisher's answer ever waits in one.
 *   <li>The front of this core sends one command at a time and waits for its {@link Answer}. (While
 *       it persists, an event-sourced actor stashes; hundreds of stashed commands end the JVM in
 *       Akka 2.8.5.)
 * </ol>
 *
 * <p>A failed persist stops the actor: whether the row is stored is then unknown. The front sees it
 * terminate, answers so, and starts a new incarnation, which replays what is stored.
 *
 * @param <C> the commands
 * @param <R> the results of commands
 * @param <S> the state
 * @param <E> the events
 */
public abstract class FencedLog<C, R, S extends LogState<E>, E extends LogEvent>
    extends EventSourcedBehavior<FencedLog.Request<C, R>, LogRow<E>, FencedState<S, E>> {

  /** What a core takes. */
  public sealed interface Request<C, R> {}

  /** Decide on a command and, once what it needs is stored, answer. */
  public record Submit<C, R>(C command, ActorRef<Answer<R>> replyTo) implements Request<C, R> {}

  /** Take a checkpoint if the log has grown, for whoever reads it next, and say {@link Left}. */
  public record Leave<C, R>(ActorRef<Answer<R>> replyTo) implements Request<C, R> {}

  private record TakeCheckpoint<C, R>() implements Request<C, R> {}

  /** What a core answers. */
  public sealed interface Answer<R> {}

  /** Stored and flushed, and the fence was still held afterwards. */
  public record Done<R>(R result) implements Answer<R> {}

  /**
   * This node may not speak for the log now.
   *
   * @param mayBeStored whether the command was persisted before the fence was found lost: its
   *     outcome is then unknown; else nothing was stored
   */
  public record Stale<R>(boolean mayBeStored) implements Answer<R> {}

  /** Nothing more is to be stored before the core ends. */
  public record Left<R>() implements Answer<R> {}

  /**
   * When and where a core writes.
   *
   * @param epochs gives the epoch of a new owner after that of the row it replayed last; always a
   *     greater one
   * @param trouble tells people when the store does not work
   * @param leaving a permit for each log that may take a checkpoint at a time because it is left: a
   *     node that stops leaves all of its logs at once
   */
  public record Ownership(
      String node,
      Fence fence,
      CheckpointPolicy checkpoints,
      LogPlugins plugins,
      LongUnaryOperator epochs,
      StoreTrouble trouble,
      Semaphore leaving) {}

  /** A checkpoint is due after this many stored bytes or rows, whichever comes first. */
  public record CheckpointPolicy(long bytes, int rows) {}

  /**
   * To which Akka tells, with its stack, every persist and recovery that failed: switched off, as
   * {@link StoreTrouble} says once for all of them what is wrong.
   */
  static final String LOGGER_OF_FAILURES = "io.tidewheel.journal.failures";

  private static final Logger LOG = LoggerFactory.getLogger(FencedLog.class);

  /** To read less takes no longer than to write a snapshot. */
  private static final int MIN_ROWS_TO_LEAVE = 100;

  private static final long MIN_BYTES_TO_LEAVE = 1 << 20;

  private final ActorContext<Request<C, R>> context;
  private final Ownership ownership;
  private long newestSnapshotSeqNr;
  private long olderSnapshotSeqNr;
  private long trimmedSeqNr;
  private boolean isPersisting;

  /** With a permit. */
  private boolean isLeaving;

  protected FencedLog(
      ActorContext<Request<C, R>> context, PersistenceId persistenceId, Ownership ownership) {
    super(persistenceId);
    context.setLoggerName(LOGGER_OF_FAILURES);
    this.context = context;
    this.ownership = ownership;
  }

  /** The state before the first event. */
  protected abstract S initialState();

  /** Decides without changing anything; may be asked twice for the same command. */
  protected abstract Decision<E, R> decide(S state, C command);

  /**
   * A checkpoint is stored, and {@code olderSnapshotSeqNr} is the oldest snapshot that is kept:
   * rows up to it are not needed for recovery. Returns the highest row that may be deleted; 0 keeps
   * all, which suits logs whose rows are read back.
   */
  protected long deletableRowsAt(S state, long olderSnapshotSeqNr) {
    return 0;
  }

  /**
   * The highest row that the state says is trimmed; 0 for none. When an event raises it, the rows
   * are deleted after the event is stored, so a log never lacks rows that nothing says are gone.
   */
  protected long trimmedRows(S state) {
    return 0;
  }

  /**
   * The row of the oldest checkpoint whose snapshot is kept, 0 if that is not known: recovery needs
   * no row up to it.
   */
  protected final long oldestKeptCheckpoint() {
    return olderSnapshotSeqNr;
  }

  /**
   * Whether nothing will ever be stored again. The log is then swept: a last checkpoint is taken,
   * and all rows go.
   */
  protected boolean isEnded(S state) {
    return false;
  }

  @Override
  public final String journalPluginId() {
    return ownership.plugins().journal();
  }

  @Override
  public final String snapshotPluginId() {
    return ownership.plugins().snapshots();
  }

  private void trim(long rowsUpTo, long snapshotsUpTo) {
    LogTrimmer.start(context, persistenceId().id(), ownership.plugins(), rowsUpTo, snapshotsUpTo);
  }

  @Override
  public final FencedState<S, E> emptyState() {
    return FencedState.empty(initialState());
  }

  @Override
  public final CommandHandler<Request<C, R>, LogRow<E>, FencedState<S, E>> commandHandler() {
    return (state, request) -> {
      if (request instanceof Submit<C, R> submit) {
        return onSubmit(state, submit);
      }
      return request instanceof Leave<C, R> leave ? onLeave(state, leave) : onTakeCheckpoint(state);
    };
  }

  @Override
  public final EventHandler<FencedState<S, E>, LogRow<E>> eventHandler() {
    return (state, row) -> {
      state.onRow(lastSequenceNumber(context), row);
      return state;
    };
  }

  @Override
  public final SignalHandler<FencedState<S, E>> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::onRecoveryCompleted)
        .onSignal(SnapshotCompleted.class, this::onSnapshotCompleted)
        .onSignal(
            SnapshotFailed.class,
            (state, signal) ->
                LOG.warn(
                    "snapshot of {} failed, the next checkpoint tries again",
                    persistenceId().id(),
                    signal.getFailure()))
        .onSignal(RecoveryFailed.class, (state, signal) -> onRecoveryFailed(signal.getFailure()))
        .onSignal(PostStop.class, (state, signal) -> onPostStop())
        .build();
  }

  @Override
  public final boolean shouldSnapshot(FencedState<S, E> state, LogRow<E> row, long seqNr) {
    return row instanceof LogRow.Checkpoint<E>;
  }

  private Effect<LogRow<E>, FencedState<S, E>> onSubmit(
      FencedState<S, E> state, Submit<C, R> submit) {
    if (!ownership.fence().isHeld()) {
      submit.replyTo().tell(new Stale<>(false));
      return Effect().none();
    }
    Decision<E, R> decision = decide(state.state(), submit.command());
    LogRow<E> row = row(state, decision);
    if (row == null) {
      if (decision.kind() == Decision.Kind.TRIM) {
        trim(trimmedRows(state.state()), 0);
      }
      submit.replyTo().tell(new Done<>(decision.result()));
      return Effect().none();
    }
    if (!state.isOpened()) {
      return persist(opened(state)).thenRun(stored -> onOpened(stored, submit));
    }
    return persist(row).thenRun(stored -> onStored(stored, submit, decision.result()));
  }

  private EffectBuilder<LogRow<E>, FencedState<S, E>> persist(LogRow<E> row) {
    isPersisting = true;
    return Effect()
        .persist(row)
        .thenRun(
            stored -> {
              isPersisting = false;
              ownership.trouble().onWritten();
            });
  }

  private @Nullable LogRow<E> row(FencedState<S, E> state, Decision<E, R> decision) {
    E event = decision.event();
    if (event != null) {
      return new LogRow.Entry<>(state.epoch(), event);
    }
    return decision.kind() == Decision.Kind.CHECKPOINT
        ? new LogRow.Checkpoint<>(state.epoch())
        : null;
  }

  private LogRow<E> opened(FencedState<S, E> state) {
    return new LogRow.Opened<>(
        ownership.epochs().applyAsLong(state.epoch()),
        ownership.node(),
        state.epoch(),
        state.state().position());
  }

  private void onOpened(FencedState<S, E> state, Submit<C, R> submit) {
    state.onOpened();
    context.getSelf().tell(submit);
  }

  private void onStored(FencedState<S, E> state, Submit<C, R> submit, R result) {
    if (isCheckpointDue(state)) {
      // Before the answer, so that it comes before what is asked next.
      context.getSelf().tell(new TakeCheckpoint<>());
    }
    boolean isHeld = ownership.fence().isHeld();
    submit.replyTo().tell(isHeld ? new Done<>(result) : new Stale<>(true));
    long trimmed = trimmedRows(state.state());
    if (isHeld && trimmed > trimmedSeqNr) {
      trimmedSeqNr = trimmed;
      trim(trimmed, 0);
    }
  }

  private Effect<LogRow<E>, FencedState<S, E>> onTakeCheckpoint(FencedState<S, E> state) {
    if (!isCheckpointDue(state) || !state.isOpened() || !ownership.fence().isHeld()) {
      return Effect().none();
    }
    return persist(new LogRow.Checkpoint<>(state.epoch()));
  }

  private Effect<LogRow<E>, FencedState<S, E>> onLeave(FencedState<S, E> state, Leave<C, R> leave) {
    boolean hasGrown =
        state.rowsSinceCheckpoint() >= MIN_ROWS_TO_LEAVE
            || state.bytesSinceCheckpoint() >= MIN_BYTES_TO_LEAVE;
    if (hasGrown
        && !isLeaving
        && state.isOpened()
        && ownership.fence().isHeld()
        && ownership.leaving().tryAcquire()) {
      isLeaving = true;
      return persist(new LogRow.Checkpoint<>(state.epoch()))
          .thenRun(stored -> leave.replyTo().tell(new Left<>()));
    }
    leave.replyTo().tell(new Left<>());
    return Effect().none();
  }

  private boolean isCheckpointDue(FencedState<S, E> state) {
    return (isEnded(state.state()) && state.rowsSinceCheckpoint() > 0)
        || state.bytesSinceCheckpoint() >= ownership.checkpoints().bytes()
        || state.rowsSinceCheckpoint() >= ownership.checkpoints().rows();
  }

  /** What is wrong with the log itself is told each time: nobody but people can mend that. */
  private void onRecoveryFailed(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null
        && !(cause instanceof BrokenChainException || cause instanceof DecodingException)) {
      cause = cause.getCause();
    }
    if (cause instanceof BrokenChainException || cause instanceof DecodingException) {
      LOG.error("{} cannot be recovered from what is stored", persistenceId().id(), failure);
    } else {
      ownership.trouble().onReadFailed(persistenceId().id(), failure);
    }
  }

  /** A failed persist has no signal of its own: it stops the actor. */
  private void onPostStop() {
    if (isLeaving) {
      // Whoever waited for the checkpoint may have given up.
      ownership.leaving().release();
    } else if (isPersisting) {
      ownership.trouble().onWriteFailed(persistenceId().id());
    }
  }

  private void onRecoveryCompleted(FencedState<S, E> state) {
    ownership.trouble().onRead();
    state.onRecoveryCompleted(lastSequenceNumber(context));
    newestSnapshotSeqNr = state.snapshotSeqNr();
    trimmedSeqNr = trimmedRows(state.state());
    if (state.droppedRowCount() > 0) {
      ownership.trouble().onRowsDropped(state.droppedRowCount());
      LOG.warn(
          "{} dropped {} rows of a second writer, none of them was confirmed",
          persistenceId().id(),
          state.droppedRowCount());
    }
  }

  private void onSnapshotCompleted(FencedState<S, E> state, SnapshotCompleted signal) {
    long older = newestSnapshotSeqNr;
    newestSnapshotSeqNr = signal.metadata().sequenceNr();
    olderSnapshotSeqNr = older;
    if (isEnded(state.state())) {
      trim(newestSnapshotSeqNr, newestSnapshotSeqNr - 1);
    } else if (older > 0) {
      long rows = Math.min(older, deletableRowsAt(state.state(), older));
      trim(rows, older - 1);
    }
  }
}
