package io.tidewheel.subscription;

import akka.actor.typed.ActorRef;
import io.tidewheel.queue.Reader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Protocol only for now. */
public final class Subscription {
  /** What a subscription takes beside what every {@link Reader} takes. */
  public sealed interface Command extends Reader.Command {}

  /**
   * Give out what can be dispatched now; answered at once, with an empty list if there is nothing.
   *
   * @param max deliveries
   * @param maxBytes payload bytes; one larger message is still given, alone
   * @param leaseMillis how long they are held; 0 for the subscription's own
   * @param worker name for the pull log; empty if it has none
   * @param version of the worker's code; empty if it has none
   * @param watch ends the leases at once when it terminates; null for leases that only end by time,
   *     as those of HTTP pulls do
   */
  public record Pull(
      int max,
      int maxBytes,
      long leaseMillis,
      String worker,
      String version,
      @Nullable ActorRef<?> watch,
      ActorRef<Pulled> replyTo)
      implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(new Pulled(List.of(), 0));
    }
  }

  /**
   * What was given out.
   *
   * @param dispatchableLeft what could still be dispatched, so that the worker knows whether to
   *     come back
   */
  public record Pulled(List<Delivery> deliveries, long dispatchableLeft) {}

  /** Settle, give back or extend deliveries; answered when it is stored. */
  public record Settle(SettleAction action, List<Receipt> receipts, ActorRef<Settled> replyTo)
      implements Command {
    @Override
    public void onNoReader() {
      replyTo.tell(new Settled(receipts.stream().map(receipt -> SettleStatus.INVALID).toList()));
    }
  }

  /** One status per receipt, in order. */
  public record Settled(List<SettleStatus> statuses) {}

  /**
   * Where a subscription says what it could dispatch: the board of its node. Called on the
   * subscription's thread; must not block.
   */
  @FunctionalInterface
  public interface Board {
    void report(Row row);

    /**
     * A subscription on one queue at one moment. Times, not ages.
     *
     * @param dispatchable what could be delivered now, as far as the window knows
     * @param backlog messages neither settled nor leased
     * @param oldestAtMillis when the oldest unsettled message was published; 0 if there is none
     * @param isGone whether it does not live on this node any more
     */
    record Row(
        long topicUid,
        long subscriptionUid,
        int queue,
        long dispatchable,
        long backlog,
        long oldestAtMillis,
        boolean isGone) {}
  }

  private Subscription() {}
}
