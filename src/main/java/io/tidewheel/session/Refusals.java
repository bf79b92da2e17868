package io.tidewheel.session;

import io.tidewheel.session.frame.Frame;
import java.util.HashSet;
import java.util.Set;

/**
 * References of a session that were refused, while the client may not have heard it yet and goes on
 * using them. Part of its actor.
 */
final class Refusals {
  private final Outbound outbound;
  private final int max;
  private final Set<Integer> refs = new HashSet<>();

  /** Forgets all when there are more than so many. */
  Refusals(Outbound outbound, int max) {
    this.outbound = outbound;
    this.max = max;
  }

  boolean has(int ref) {
    return refs.contains(ref);
  }

  /** The client begins something new under the reference. */
  void forget(int ref) {
    refs.remove(ref);
  }

  void refuse(int ref, Frame.Failure failure) {
    if (refs.size() >= max) {
      refs.clear();
    }
    refs.add(ref);
    outbound.add(new Frame.Refused(ref, failure));
  }
}
