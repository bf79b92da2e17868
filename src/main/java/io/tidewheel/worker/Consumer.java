package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import io.tidewheel.catalog.Topic;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.subscription.Subscription.SeekReply;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Consumes from this node, on behalf of a remote client. Safe for any thread; never blocks. */
public interface Consumer {
  /**
   * Pulls deliveries: answers as soon as there is at least one, with an empty list when {@code
   * wait} is over.
   *
   * @return deliveries of one or more queues; the stage fails with a {@link
   *     java.util.concurrent.TimeoutException} if queues that have work do not answer
   */
  CompletionStage<List<Delivery>> pull(
      Topic topic, Topic.Subscription subscription, PullRequest request);

  /**
   * Begins a pull that goes on until it is ended.
   *
   * @param request for each of its steps; its {@code max} is named anew each time, and its waiting
   *     time is that after which everything is looked at anew
   */
  StandingPull stand(Topic topic, Topic.Subscription subscription, PullRequest request);

  /**
   * A pull that goes on, one step after the other: cheaper than as many pulls, as nothing is looked
   * for anew. For one thread at a time.
   */
  interface StandingPull {
    /**
     * Pulls once more; the step before must be over. Answers as soon as there is at least one
     * delivery, however long that takes.
     *
     * @param max deliveries, 1 to 1,000
     * @return fails if the node cannot go on; then another standing pull may be begun
     */
    CompletableFuture<List<Delivery>> next(int max);

    /**
     * No further step comes for now: what there is is left to others. Needed only where a step
     * brought less than was asked for.
     */
    void rest();

    /** Pulls no more. A step that is not over answers with what was on its way, or fails. */
    void end();
  }

  /**
   * Settles, gives back or extends deliveries.
   *
   * @param receipts parsed receipts of this subscription
   * @param timeLeft after which {@link SettleStatus#RETRY} is answered for what is open
   * @return one status per receipt, in order; the stage itself does not fail
   */
  CompletionStage<List<SettleStatus>> settle(
      Topic topic,
      Topic.Subscription subscription,
      SettleAction action,
      List<Receipt> receipts,
      Duration timeLeft);

  /**
   * Changes the position of a subscription on some queues of its topic, each on its own.
   *
   * @param positions by queue
   * @param timeLeft after which a queue that has not answered is said not to have been changed, as
   *     far as is known
   * @return one reply for each of these queues; the stage itself does not fail
   */
  CompletionStage<SortedMap<Integer, SeekReply>> seek(
      Topic topic,
      Topic.Subscription subscription,
      Map<Integer, Position> positions,
      Duration timeLeft);

  /** Gives deliveries back that could not be handed to the client; needs no answer. */
  void release(Topic topic, Topic.Subscription subscription, List<Delivery> deliveries);

  /**
   * How much, how long and for whom.
   *
   * @param max deliveries, 1 to 1,000
   * @param maxBytes payload bytes; one larger message still comes, alone
   * @param waitTime how long to wait for the first delivery
   * @param lease how long the deliveries are held; null for the subscription's own
   * @param worker name of the worker, for the pull log and the monitor
   * @param version of the worker's code
   * @param watch ends the leases at once when it terminates, or when its node is declared dead;
   *     null for leases that only end by time
   */
  record PullRequest(
      int max,
      int maxBytes,
      Duration waitTime,
      @Nullable Duration lease,
      @Nullable String worker,
      @Nullable String version,
      @Nullable ActorRef<?> watch) {
    /** For who may come back through another node: the leases only end by time. */
    public PullRequest(
        int max,
        int maxBytes,
        Duration waitTime,
        @Nullable Duration lease,
        @Nullable String worker,
        @Nullable String version) {
      this(max, maxBytes, waitTime, lease, worker, version, null);
    }

    PullRequest withMax(int otherMax) {
      return new PullRequest(otherMax, maxBytes, waitTime, lease, worker, version, watch);
    }
  }
}
