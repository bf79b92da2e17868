package io.tidewheel.journal;

import akka.actor.PoisonPill;
import akka.actor.Props;
import akka.actor.typed.javadsl.Adapter;
import akka.persistence.AbstractPersistentActor;
import akka.persistence.DeleteMessagesFailure;
import akka.persistence.DeleteMessagesSuccess;
import akka.persistence.DeleteSnapshotsFailure;
import akka.persistence.DeleteSnapshotsSuccess;
import akka.persistence.Recovery;
import akka.persistence.RecoveryCompleted;
import akka.persistence.SnapshotSelectionCriteria;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes old rows and snapshots of a log through the public API of Akka Persistence, beside its
 * live owner: it recovers nothing and writes nothing, so it is no second writer. Lives for one
 * trim. A failed trim is logged; the next one covers it.
 *
 * <p>Which plugins it uses is asked by the constructor of the base class, before this class has set
 * a field: only what an inner class captures is there by then, so {@link #start} makes one.
 */
abstract class LogTrimmer extends AbstractPersistentActor {
  private static final Logger LOG = LoggerFactory.getLogger(LogTrimmer.class);

  private final String persistenceId;
  private final long rowsUpTo;
  private final long snapshotsUpTo;
  private int pendingCount;

  private LogTrimmer(String persistenceId, long rowsUpTo, long snapshotsUpTo) {
    this.persistenceId = persistenceId;
    this.rowsUpTo = rowsUpTo;
    this.snapshotsUpTo = snapshotsUpTo;
  }

  /** Starts a trim; both bounds are inclusive sequence numbers, 0 or less deletes none. */
  static void start(
      akka.actor.typed.javadsl.ActorContext<?> context,
      String persistenceId,
      LogPlugins plugins,
      long rowsUpTo,
      long snapshotsUpTo) {
    if (rowsUpTo > 0 || snapshotsUpTo > 0) {
      Adapter.actorOf(
          context,
          Props.create(
              LogTrimmer.class,
              () ->
                  new LogTrimmer(persistenceId, rowsUpTo, snapshotsUpTo) {
                    @Override
                    public String journalPluginId() {
                      return plugins.journal();
                    }

                    @Override
                    public String snapshotPluginId() {
                      return plugins.snapshots();
                    }
                  }));
    }
  }

  @Override
  public String persistenceId() {
    return persistenceId;
  }

  @Override
  public Recovery recovery() {
    return Recovery.none();
  }

  @Override
  public Receive createReceiveRecover() {
    return receiveBuilder().match(RecoveryCompleted.class, completed -> onReady()).build();
  }

  @Override
  public Receive createReceive() {
    return receiveBuilder()
        .match(DeleteMessagesSuccess.class, success -> onAnswer())
        .match(DeleteSnapshotsSuccess.class, success -> onAnswer())
        .match(DeleteMessagesFailure.class, failure -> onFailure(failure.cause()))
        .match(DeleteSnapshotsFailure.class, failure -> onFailure(failure.cause()))
        .build();
  }

  private void onReady() {
    if (rowsUpTo > 0) {
      pendingCount++;
      deleteMessages(rowsUpTo);
    }
    if (snapshotsUpTo > 0) {
      pendingCount++;
      deleteSnapshots(SnapshotSelectionCriteria.create(snapshotsUpTo, Long.MAX_VALUE));
    }
  }

  private void onFailure(Throwable cause) {
    LOG.warn("trimming {} failed, the next trim tries again", persistenceId, cause);
    onAnswer();
  }

  private void onAnswer() {
    pendingCount--;
    if (pendingCount == 0) {
      getSelf().tell(PoisonPill.getInstance(), getSelf());
    }
  }
}
