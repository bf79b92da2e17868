package io.tidewheel.worker;

import java.util.Set;

/** What only this package may do with an {@link Idleness}, for tests of others. */
public final class IdleUses {
  private IdleUses() {}

  public static void watch(Idleness idleness, long subscriptionUid) {
    idleness.watch(Set.of(subscriptionUid));
  }

  public static void use(Idleness idleness, long subscriptionUid) {
    idleness.onUse(subscriptionUid);
  }

  /** Begins a pull and ends it. */
  public static boolean mayPull(Idleness idleness, long subscriptionUid) {
    boolean mayBegin = idleness.onPullBegan(subscriptionUid);
    if (mayBegin) {
      idleness.onPullEnded(subscriptionUid);
    }
    return mayBegin;
  }
}
