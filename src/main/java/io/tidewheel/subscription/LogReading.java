package io.tidewheel.subscription;

import akka.actor.typed.javadsl.ActorContext;
import io.tidewheel.catalog.SubscriptionSettings.MaxLag;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.queue.MessageLog;
import io.tidewheel.queue.Reader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The front's reads of the log: one at a time, and again, after a while, when one failed. */
final class LogReading {
  private static final long MAX_READ_BYTES = 1 << 20;

  /** A read that takes longer is told of; it fails a lot later. */
  private static final long LATE_NANOS = 500_000_000;

  private final ActorContext<Reader.Command> context;
  private final MessageLog log;
  private boolean isUnderWay;
  private long beganNanos;
  private @Nullable String trouble;

  /** What a read of the log from an offset gave. */
  record Read(
      Intake.Reading reading, @Nullable List<MessageBatch> batches, @Nullable Throwable failure)
      implements Subscription.Command {}

  LogReading(ActorContext<Reader.Command> context, MessageLog log) {
    this.context = context;
    this.log = log;
  }

  /** Why nothing is read now; null if nothing stands in the way. */
  @Nullable String trouble() {
    return trouble;
  }

  /** The same, and what may become of it: a read that takes long. */
  @Nullable String trouble(Now now) {
    boolean isLate = isUnderWay && now.nanos() - beganNanos > LATE_NANOS;
    return trouble == null && isLate
        ? "the store was asked %.1f s ago and has not answered"
            .formatted((now.nanos() - beganNanos) / 1e9)
        : trouble;
  }

  /** A failed read may be tried again. */
  void retry() {
    trouble = null;
  }

  /** Starts the next read if there is something to read and none is under way. */
  void advance(Deliveries known, Policy policy, Now now) {
    known.skipTrimmed(log.startOffset());
    MaxLag bound = policy.settings().maxLag();
    if (bound != null && bound.isSkipping()) {
      known.skipTo(oldestWithin(bound, known.nextOffset()), now);
    }
    Intake.Reading reading = isUnderWay || trouble != null ? null : known.nextReading();
    if (reading != null) {
      isUnderWay = true;
      beganNanos = now.nanos();
      context.pipeToSelf(
          log.read(reading.from(), reading.end(), Math.min(reading.maxBytes(), MAX_READ_BYTES)),
          (batches, failure) -> new Read(reading, failure == null ? batches : null, failure));
    }
  }

  private long oldestWithin(MaxLag bound, long nextOffset) {
    Long messages = bound.messages();
    Long bytes = bound.bytes();
    long byMessages = messages == null ? 0 : nextOffset - messages;
    long byBytes = bytes == null ? 0 : log.offsetOfNewest(bytes);
    return Math.min(nextOffset, Math.max(byMessages, byBytes));
  }

  /** Hands over what was read; nothing, where there should be something, is a failure. */
  void onRead(Read read, @Nullable Deliveries known, Policy policy, Now now) {
    isUnderWay = false;
    if (known == null) {
      return;
    }
    Intake.Reading reading = read.reading;
    long before = known.window().cursor();
    List<MessageBatch> batches = read.batches;
    if (batches != null && known.isKnown()) {
      if (reading.isAgain()) {
        known.readAgain(reading, batches, policy, now);
      } else {
        known.read(reading.from(), batches, policy, now);
      }
    }
    boolean isEmpty =
        batches != null
            && batches.isEmpty()
            && (reading.isAgain() || known.window().cursor() == before);
    trouble = known.isKnown() && (batches == null || isEmpty) ? "log-unreadable" : null;
    if (trouble != null) {
      String name = context.getSelf().path().name();
      context.getLog().warn("reading {} from {} failed, trying again", name, before, read.failure);
    }
  }
}
