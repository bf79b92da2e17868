package io.tidewheel.subscription;

import io.tidewheel.message.Control;
import org.jspecify.annotations.Nullable;

/**
 * Where one message is for one subscription, at one moment.
 *
 * @param attempts that ended without an ack
 * @param worker that holds or settled it; empty if that is not known or it gave no name
 * @param version of that worker's code; empty as above
 * @param atMillis when it came there, in wall-clock milliseconds; 0 if that is not known
 * @param untilMillis when its lease ends or its retry time comes; 0 where there is none
 * @param blockedBy offset of the message of its key that it waits for; -1 where there is none
 * @param isHoldingKey whether it is a dead letter for which the rest of its key waits
 * @param detail why, in words; null if the state says all
 */
public record Sighting(
    long offset,
    State state,
    int attempts,
    String worker,
    String version,
    long atMillis,
    long untilMillis,
    long blockedBy,
    boolean isHoldingKey,
    @Nullable String detail)
    implements Control {

  /** Where a message is. Its names are part of the API. */
  public enum State {
    /** Not read into the window, or being read again. */
    UNREAD,
    /** For its retry time, or for an earlier message of its key. */
    WAITING,
    /** Nothing of its own holds it. */
    DISPATCHABLE,
    /** With a worker, or the end of that is being stored. */
    LEASED,
    /** Acked; or settled in a way that is not recorded any more, as the detail says. */
    SETTLED,
    /** A dead letter, or on its way there. */
    DEAD,
    /** Settled because its headers are not what the subscription asks for. */
    FILTERED,
    /** Passed over: meant for others, not kept, too far behind, or before the start. */
    SKIPPED,
    /** The queue did not say. */
    UNKNOWN
  }

  static Sighting of(long offset, State state, int attempts, @Nullable String detail) {
    return new Sighting(offset, state, attempts, "", "", 0, 0, -1, false, detail);
  }

  /** Nobody could say. */
  public static Sighting unknown(long offset, String detail) {
    return of(offset, State.UNKNOWN, 0, detail);
  }

  Sighting until(long millis) {
    return with(worker, version, atMillis, millis, blockedBy, isHoldingKey);
  }

  Sighting by(WorkerName name) {
    return with(name.name(), name.version(), atMillis, untilMillis, blockedBy, isHoldingKey);
  }

  Sighting at(long millis) {
    return with(worker, version, millis, untilMillis, blockedBy, isHoldingKey);
  }

  Sighting behind(long blocker) {
    return with(worker, version, atMillis, untilMillis, blocker, isHoldingKey);
  }

  Sighting holdingKey(boolean isHolding) {
    return with(worker, version, atMillis, untilMillis, blockedBy, isHolding);
  }

  private Sighting with(
      String byWorker,
      String ofVersion,
      long sinceMillis,
      long toMillis,
      long blocker,
      boolean isHolding) {
    return new Sighting(
        offset,
        state,
        attempts,
        byWorker,
        ofVersion,
        sinceMillis,
        toMillis,
        blocker,
        isHolding,
        detail);
  }
}
