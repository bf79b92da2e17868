package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.queue.Reader.Reconciliation;
import io.tidewheel.subscription.Sighting.State;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

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
    Map<State, Long> seen = new EnumMap<>(State.class);
    long unread = 0;
    List<Long> waiting = new ArrayList<>();
    for (long offset = known.state().startOffset(); offset < known.nextOffset(); offset++) {
      Sighting sighting = sightings.at(offset);
      assertThat(sighting).as("offset %s", offset).isNotNull();
      State state = counted(known, sighting);
      boolean isOpen = state != State.SETTLED && state != State.DEAD;
      if (offset >= cursor && isOpen) {
        unread++;
      } else {
        seen.merge(state, 1L, Long::sum);
        if (state == State.WAITING && !known.ledger().isAckedUnread(offset)) {
          waiting.add(offset);
        }
        if (sighting.state() == State.WAITING) {
          assertWaitsForSomething(known, sighting);
        }
      }
    }
    assertThat(count(seen, State.SETTLED))
        .isEqualTo(counts.acked() + counts.dead() + counts.filtered() + counts.skipped());
    assertThat(count(seen, State.WAITING) + count(seen, State.DEAD)).isEqualTo(counts.waiting());
    assertThat(count(seen, State.DISPATCHABLE)).isEqualTo(counts.dispatchable());
    assertThat(unread + count(seen, State.UNREAD)).isEqualTo(counts.unread());
    assertThat(count(seen, State.LEASED) + count(seen, State.FILTERED) + count(seen, State.SKIPPED))
        .isEqualTo(counts.leased());
    assertThat(sightings.list(Looks.Kind.WAITING, 0, 1_000))
        .extracting(Sighting::offset)
        .containsExactlyElementsOf(waiting);
  }

  /** The counts see what is deferred, and what is being stored, before they see what it is. */
  private static State counted(Deliveries known, Sighting sighting) {
    Slot slot = known.window().find(sighting.offset());
    boolean isBeingSkipped =
        slot == null
            ? known.state().isParked(sighting.offset())
                && known.ledger().isSkipping(sighting.offset())
            : slot.isOut();
    if (sighting.state() == State.DEAD && isBeingSkipped) {
      return State.LEASED;
    }
    return known.window().isDeferred(sighting.offset()) ? State.WAITING : sighting.state();
  }

  private static long count(Map<State, Long> seen, State state) {
    return seen.getOrDefault(state, 0L);
  }

  /** Either a time that comes, or an earlier message that is not settled. */
  private static void assertWaitsForSomething(Deliveries known, Sighting sighting) {
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
