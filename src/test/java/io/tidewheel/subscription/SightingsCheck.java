package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.queue.Reader.Reconciliation;
import io.tidewheel.subscription.Sighting.State;
import java.util.ArrayList;
import java.util.List;

/** What is said of single messages adds up to what is counted of all of them. */
final class SightingsCheck {
  private SightingsCheck() {}

  static void agree(Deliveries known, Now now) {
    Reconciliation counts = known.whereabouts().reconciliation();
    if (!known.isKnown()) {
      return;
    }
    Sightings sightings = new Sightings(known, now);
    long cursor = known.window().cursor();
    long[] seen = new long[State.values().length];
    long unread = 0;
    List<Long> waiting = new ArrayList<>();
    for (long offset = known.state().startOffset(); offset < known.nextOffset(); offset++) {
      Sighting sighting = sightings.at(offset);
      assertThat(sighting).as("offset %s", offset).isNotNull();
      State state = known.window().isDeferred(offset) ? State.WAITING : sighting.state();
      boolean isOpen = state != State.SETTLED && state != State.DEAD;
      if (offset >= cursor && isOpen) {
        unread++;
      } else {
        seen[state.ordinal()]++;
        if (sighting.state() == State.WAITING) {
          waiting.add(offset);
          assertWaitsForSomething(known, sighting, now);
        }
      }
    }
    assertThat(seen[State.SETTLED.ordinal()])
        .isEqualTo(counts.acked() + counts.dead() + counts.filtered() + counts.skipped());
    assertThat(seen[State.WAITING.ordinal()] + seen[State.DEAD.ordinal()])
        .isEqualTo(counts.waiting());
    assertThat(seen[State.DISPATCHABLE.ordinal()]).isEqualTo(counts.dispatchable());
    assertThat(unread + seen[State.UNREAD.ordinal()]).isEqualTo(counts.unread());
    assertThat(
            seen[State.LEASED.ordinal()]
                + seen[State.FILTERED.ordinal()]
                + seen[State.SKIPPED.ordinal()])
        .isEqualTo(counts.leased());
    assertThat(sightings.list(Looks.Kind.WAITING, 0, 1_000))
        .extracting(Sighting::offset)
        .containsExactlyElementsOf(waiting);
  }

  /** Either a time that comes, or an earlier message that is not settled. */
  private static void assertWaitsForSomething(Deliveries known, Sighting sighting, Now now) {
    if (sighting.untilMillis() > 0) {
      assertThat(sighting.blockedBy()).isEqualTo(-1);
      return;
    }
    long blocker = sighting.blockedBy();
    assertThat(blocker).as("%s waits for nothing", sighting).isNotNegative();
    assertThat(blocker).isNotEqualTo(sighting.offset());
    assertThat(known.state().isSettled(blocker)).isFalse();
  }
}
