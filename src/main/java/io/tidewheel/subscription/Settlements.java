package io.tidewheel.subscription;

import io.tidewheel.subscription.Subscription.Settle;
import io.tidewheel.subscription.Subscription.Settled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Answers workers that settle: at once what needs nothing stored, else when it is known whether it
 * was. What comes before the stored state is known waits, within a bound.
 */
final class Settlements {
  private static final int MAX_EARLY = 1_000;

  private final List<Settle> early = new ArrayList<>();

  /** Keeps what comes before the state is known; refuses it when too much waits. */
  void keep(Settle settle) {
    if (early.size() < MAX_EARLY) {
      early.add(settle);
    } else {
      refuse(settle);
    }
  }

  /** The state is known: what waited is settled. */
  void settleKept(Deliveries known, Policy policy, Now now) {
    for (Settle settle : early) {
      settle(settle, known, policy, now);
    }
    early.clear();
  }

  /** The state does not become known for now. */
  void refuseKept() {
    early.forEach(Settlements::refuse);
    early.clear();
  }

  /** Nothing is settled now; a repeat may be. */
  static void refuse(Settle settle) {
    SettleStatus[] statuses = new SettleStatus[settle.receipts().size()];
    Arrays.fill(statuses, SettleStatus.RETRY);
    answer(settle, statuses);
  }

  /** Applies it and answers, if need be when it is stored. */
  static void settle(Settle settle, Deliveries known, Policy policy, Now now) {
    boolean[] isPending = new boolean[settle.receipts().size()];
    SettleStatus[] statuses =
        known.settle(settle.action(), settle.receipts(), isPending, policy, now);
    if (!isAny(isPending)) {
      answer(settle, statuses);
      return;
    }
    known.await(
        () -> answer(settle, statuses),
        () -> {
          for (int i = 0; i < statuses.length; i++) {
            statuses[i] = isPending[i] ? SettleStatus.RETRY : statuses[i];
          }
          answer(settle, statuses);
        });
  }

  private static void answer(Settle settle, SettleStatus[] statuses) {
    settle.replyTo().tell(new Settled(List.of(statuses)));
  }

  private static boolean isAny(boolean[] flags) {
    for (boolean flag : flags) {
      if (flag) {
        return true;
      }
    }
    return false;
  }
}
