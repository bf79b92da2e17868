package io.tidewheel.worker;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What the other nodes say of the use of a subscription: any of them may have been asked for it.
 * Safe for any thread.
 */
public interface OtherNodes {
  /** There are none. */
  OtherNodes NONE =
      new OtherNodes() {
        @Override
        public boolean isInCharge() {
          return true;
        }

        @Override
        public CompletionStage<Boolean> beginRemoval(long subscriptionUid, Duration limit) {
          return CompletableFuture.completedFuture(true);
        }

        @Override
        public void endRemoval(long subscriptionUid) {
          // Nobody refuses pulls.
        }
      };

  /** Whether it is for this node to remove what is idle; as a rule on one node at a time. */
  boolean isInCharge();

  /**
   * Asks every other node whether it has not used the subscription for so long either. Those that
   * have not refuse pulls of it until {@link #endRemoval}, or for {@link Idleness#MAX_REMOVAL}.
   *
   * @return false if one has, or does not answer
   */
  CompletionStage<Boolean> beginRemoval(long subscriptionUid, Duration limit);

  /** It is gone, or it stays. */
  void endRemoval(long subscriptionUid);
}
