package io.tidewheel.subscription;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import io.tidewheel.journal.Decision;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The core of a subscription: stores what became of messages. Its front sends one command at a time
 * and keeps a copy of the state, to which it applies the events it is told of.
 *
 * <ol>
 *   <li>A settled message stays settled; a command that says otherwise is stored without it.
 *   <li>Outbox numbers are given here and nowhere else.
 * </ol>
 */
final class SubscriptionLog
    extends FencedLog<
        SubscriptionLog.Command, SubscriptionLog.Result, SubscriptionState, SubscriptionEvent> {
  private static final String ENTITY_TYPE = "subscription";

  /** What the core takes. */
  sealed interface Command {}

  /** Answers with a copy of the state, and takes over the leases that the owner before left. */
  record Load(long atMillis) implements Command {}

  /**
   * Store what became of messages. Outbox numbers in {@code settled} don't matter; they are given
   * by the core.
   *
   * @param generation the position history it belongs to; of another one nothing is stored
   */
  record Settle(long generation, Settled settled) implements Command {}

  /**
   * Begin a new generation.
   *
   * @param offset where it is asked to begin; taken to the nearest that the log has: what was
   *     trimmed until then is no part of the generation, what is trimmed later counts as skipped
   * @param nextOffset the end of the log
   */
  record Seek(long atMillis, long offset, long nextOffset) implements Command {}

  /** Store the leases that outlive this owner. */
  record Close(SubscriptionEvent.Closing closing) implements Command {}

  /** What the core answers. */
  sealed interface Result {}

  record Loaded(SubscriptionState state) implements Result {}

  /** Stored; null if there was nothing new in it. */
  record Recorded(@Nullable SubscriptionEvent event) implements Result {}

  /**
   * What is kept: of the rows of settled messages, which are the pull log, and of the messages.
   * Asked on the core's thread.
   *
   * @param cutoffMillis wall-clock milliseconds up to which rows are too old
   * @param startOffset the oldest message that is kept; rows about older ones go with them, and no
   *     generation begins before it
   */
  record Kept(LongSupplier cutoffMillis, LongSupplier startOffset) {}

  private final long startOffset;
  private final Kept kept;

  private SubscriptionLog(
      ActorContext<Request<Command, Result>> context,
      PersistenceId persistenceId,
      Ownership ownership,
      long startOffset,
      Kept kept) {
    super(context, persistenceId, ownership);
    this.startOffset = startOffset;
    this.kept = kept;
  }

  /**
   * The core of a subscription on one queue.
   *
   * @param reader of which the start offset counts only before the first event
   */
  static Behavior<Request<Command, Result>> create(
      Reader.Context reader, Ownership ownership, Kept kept) {
    PersistenceId id = persistenceId(reader.topicUid(), reader.queue(), reader.subscriptionUid());
    long startOffset = reader.startOffset();
    return Behaviors.setup(
        context -> new SubscriptionLog(context, id, ownership, startOffset, kept));
  }

  static PersistenceId persistenceId(long topicUid, int queue, long subscriptionUid) {
    return PersistenceId.of(ENTITY_TYPE, topicUid + "-" + queue + "-" + subscriptionUid);
  }

  @Override
  protected SubscriptionState initialState() {
    return SubscriptionState.opened(startOffset);
  }

  /**
   * Snapshots hold all that is needed to go on, dead letters that are on their way included; rows
   * are kept for the pull log only.
   */
  @Override
  protected long deletableRowsAt(SubscriptionState state, long olderSnapshotSeqNr) {
    RowMarks marks = state.rowMarks();
    long deletable =
        marks.deletable(
            olderSnapshotSeqNr, kept.cutoffMillis().getAsLong(), kept.startOffset().getAsLong());
    marks.dropBelow(deletable);
    return deletable;
  }

  @Override
  protected Decision<SubscriptionEvent, Result> decide(SubscriptionState state, Command command) {
    if (command instanceof Settle proposal) {
      return decideRecord(state, proposal);
    }
    if (command instanceof Seek seek) {
      long oldest = kept.startOffset().getAsLong();
      long offset = Math.max(Math.min(seek.offset(), seek.nextOffset()), oldest);
      SubscriptionEvent.Sought sought =
          new SubscriptionEvent.Sought(seek.atMillis(), state.generation() + 1, offset);
      return Decision.persist(sought, new Recorded(sought));
    }
    if (command instanceof Close close) {
      return Decision.persist(close.closing(), new Recorded(close.closing()));
    }
    Loaded loaded = new Loaded(state.copy());
    return !state.leases(0, Long.MAX_VALUE).isEmpty()
        ? Decision.persist(
            new SubscriptionEvent.LeasesTakenOver(((Load) command).atMillis()), loaded)
        : Decision.reply(loaded);
  }

  /** What of a proposal is new to a state; null if nothing is. Numbers the dying messages. */
  static @Nullable Settled admit(SubscriptionState state, Settled settled) {
    List<Retried> retried =
        settled.retried().stream().filter(retry -> isOpen(state, retry.offset())).toList();
    List<Dying> dying =
        settled.dying().stream().filter(message -> isOpen(state, message.offset())).toList();
    boolean isNew =
        !settled.acks().isEmpty()
            || !settled.skipped().isEmpty()
            || !retried.isEmpty()
            || !dying.isEmpty()
            || !settled.deadLettered().isEmpty()
            || !settled.filtered().isEmpty()
            || !settled.reopened().isEmpty()
            || !settled.buried().isEmpty();
    return isNew
        ? new Settled(
            settled.atMillis(),
            settled.acks(),
            settled.skipped(),
            retried,
            dying,
            state.nextNumber(),
            settled.deadLettered(),
            settled.filtered(),
            settled.reopened(),
            settled.buried())
        : null;
  }

  private static Decision<SubscriptionEvent, Result> decideRecord(
      SubscriptionState state, Settle proposal) {
    Settled admitted =
        proposal.generation() == state.generation() ? admit(state, proposal.settled()) : null;
    return admitted == null
        ? Decision.reply(new Recorded(null))
        : Decision.persist(admitted, new Recorded(admitted));
  }

  private static boolean isOpen(SubscriptionState state, long offset) {
    return !state.isOver(offset);
  }
}
