package io.tidewheel.journal;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import io.tidewheel.journal.SumCodec.Added;
import io.tidewheel.journal.SumCodec.Sum;

/** The smallest core there is: adds a number if it is positive, and answers with the sum. */
final class SumLog extends FencedLog<Integer, Long, Sum, Added> {
  private final boolean isTrimming;

  private SumLog(
      ActorContext<Request<Integer, Long>> context,
      String id,
      Ownership ownership,
      boolean isTrimming) {
    super(context, PersistenceId.ofUniqueId(id), ownership);
    this.isTrimming = isTrimming;
  }

  /**
   * A new owner.
   *
   * @param isTrimming whether all rows go that two snapshots cover
   */
  static Behavior<Request<Integer, Long>> create(
      String id, Ownership ownership, boolean isTrimming) {
    return Behaviors.setup(context -> new SumLog(context, id, ownership, isTrimming));
  }

  @Override
  protected Sum initialState() {
    return new Sum(0);
  }

  @Override
  protected Decision<Added, Long> decide(Sum state, Integer number) {
    return number > 0
        ? Decision.persist(new Added(number), state.position() + number)
        : Decision.reply(state.position());
  }

  @Override
  protected long deletableRowsAt(Sum state, long olderSnapshotSeqNr) {
    return isTrimming ? olderSnapshotSeqNr : 0;
  }
}
