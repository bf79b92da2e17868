package io.tidewheel.feedback;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import io.tidewheel.feedback.BackendEvent.Setup;
import io.tidewheel.journal.Decision;
import io.tidewheel.journal.FencedLog;

/** The core of a backend: stores its budget and its signals, so that they survive a restart. */
final class BackendLog extends FencedLog<BackendLog.Command, Setup, BackendState, BackendEvent> {
  /** What the core takes; it answers with what holds then. */
  sealed interface Command {}

  record Load() implements Command {}

  /** From now on this holds. */
  record Store(Setup setup) implements Command {}

  private BackendLog(
      ActorContext<Request<Command, Setup>> context, String backend, Ownership ownership) {
    super(context, PersistenceId.of("backend", backend), ownership);
  }

  static Behavior<Request<Command, Setup>> create(String backend, Ownership ownership) {
    return Behaviors.setup(context -> new BackendLog(context, backend, ownership));
  }

  @Override
  protected BackendState initialState() {
    return new BackendState();
  }

  /** Only the last change counts. */
  @Override
  protected long deletableRowsAt(BackendState state, long olderSnapshotSeqNr) {
    return olderSnapshotSeqNr;
  }

  @Override
  protected Decision<BackendEvent, Setup> decide(BackendState state, Command command) {
    if (command instanceof Store store && !store.setup().equals(state.setup())) {
      return Decision.persist(new BackendEvent.Changed(store.setup()), store.setup());
    }
    return Decision.reply(state.setup());
  }
}
