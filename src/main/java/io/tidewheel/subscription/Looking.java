package io.tidewheel.subscription;

import io.tidewheel.queue.Reader;
import io.tidewheel.subscription.Looks.Answer;
import io.tidewheel.subscription.Looks.Look;
import io.tidewheel.subscription.Looks.NotNow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@link Looks} from what the front knows at that moment. Without the fence it does not say
 * where messages are; why nothing is given out it does: because of that.
 */
final class Looking {
  /** Questions that wait for the state to be known. */
  private static final int MAX_KEPT = 1_000;

  private static final NotNow RECOVERING =
      new NotNow("the subscription is reading its own state; ask again");

  private static final NotNow STALE =
      new NotNow("the node of the queue is not confirmed as its owner now; ask again");

  private final Reader.Context reader;
  private final Gates gates;
  private final LogReading reading;
  private final Supplier<@Nullable String> outboxTrouble;
  private final List<Look> kept = new ArrayList<>();

  Looking(
      Reader.Context reader,
      Gates gates,
      LogReading reading,
      Supplier<@Nullable String> outboxTrouble) {
    this.reader = reader;
    this.gates = gates;
    this.reading = reading;
    this.outboxTrouble = outboxTrouble;
  }

  /** Answers at once; a question that comes before the state is known is kept, within a bound. */
  void onLook(Look look, @Nullable Deliveries known, Policy policy, Now now) {
    if (known != null && known.isKnown()) {
      known.window().wake(now.nanos());
      look.replyTo().tell(answer(look.question(), known, policy, now));
    } else if (kept.size() < MAX_KEPT) {
      kept.add(look);
    } else {
      look.replyTo().tell(RECOVERING);
    }
  }

  /** Says how it is, also before the state is known. */
  void describe(
      Reader.Describe describe, @Nullable Deliveries known, Policy policy, long knownEnd) {
    String trouble = trouble();
    describe
        .replyTo()
        .tell(
            known == null
                ? Figures.recovering(reader, knownEnd)
                : Figures.of(
                    reader,
                    known,
                    policy,
                    gates.dispatchable(known, policy),
                    gates.allowance(),
                    trouble));
  }

  /** Answers what was kept, as soon as the state is known. */
  void answerKept(Deliveries known, Policy policy, Now now) {
    if (!kept.isEmpty() && known.isKnown()) {
      List<Look> waiting = List.copyOf(kept);
      kept.clear();
      waiting.forEach(look -> onLook(look, known, policy, now));
    }
  }

  void refuseKept() {
    kept.forEach(look -> look.replyTo().tell(RECOVERING));
    kept.clear();
  }

  private Answer answer(Looks.Question question, Deliveries known, Policy policy, Now now) {
    boolean isPlace = question instanceof Looks.Where || question instanceof Looks.ListOf;
    if (isPlace && !gates.isFenceHeld()) {
      return STALE;
    }
    if (question instanceof Looks.Where where) {
      Sighting seen = new Sightings(known, now).at(where.offset());
      SubscriptionState state = known.state();
      return seen == null
          ? missing()
          : new Looks.Seen(seen, state.generation(), state.soughtAtMillis());
    }
    if (question instanceof Looks.ListOf list) {
      int max = Math.max(1, Math.min(list.max(), Looks.MAX_LISTED));
      List<Sighting> listed = new Sightings(known, now).list(list.kind(), list.from(), max);
      return new Looks.Listed(listed.subList(0, Math.min(max, listed.size())), listed.size() > max);
    }
    Explaining explaining =
        new Explaining(known, policy, now, gates, trouble(reading.trouble(now)));
    if (!gates.isFenceHeld()) {
      return explaining.why();
    }
    if (question instanceof Looks.WhyKey why) {
      return explaining.why(why.key());
    }
    if (question instanceof Looks.WhyOffset why) {
      return explaining.why(why.offset());
    }
    return explaining.why();
  }

  private static NotNow missing() {
    return new NotNow("the queue does not reach this offset");
  }

  /** Why the log or the dead-letter topic holds it up; null if neither does. */
  @Nullable String trouble() {
    return trouble(reading.trouble());
  }

  private @Nullable String trouble(@Nullable String ofReading) {
    return ofReading == null ? outboxTrouble.get() : ofReading;
  }
}
