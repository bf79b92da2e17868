package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.WaitingPulls;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The pulls of one worker that are out at queues: which are open, which of them is waited for, and
 * which queues did not answer in time; and the one that waits for any queue of the node. Part of
 * the worker's actor.
 */
final class PullCalls {
  private static final int NONE = -1;

  /** Of a call that any queue of the node may answer. */
  static final int ANYWHERE = -1;

  /** A pull at one queue; a candidate is a queue that the board says has work. */
  record Call(int queue, boolean isCandidate) {}

  private final ActorContext<PullWorker.Command> context;
  private final ActorRef<Subscription.Pulled> receiver;
  private final QueueCalls queues;
  private final WaitingPulls waiting;
  private final Consumer.PullRequest request;
  private final Map<Integer, Call> open = new HashMap<>();

  /** Queues that did not answer in time; they are asked, but not waited for. */
  private final Set<Integer> doubtful = new HashSet<>();

  private int last;

  /** The call whose answer is waited for before the next is made. */
  private int current = NONE;

  /** The pull that waits for any queue, until it is taken back or answered. */
  private Subscription.@Nullable Pull waitingPull;

  PullCalls(
      ActorContext<PullWorker.Command> context,
      QueueCalls queues,
      WaitingPulls waiting,
      Consumer.PullRequest request) {
    this.waiting = waiting;
    this.context = context;
    this.receiver = context.messageAdapter(Subscription.Pulled.class, PullWorker.Answered::new);
    this.queues = queues;
    this.request = request;
  }

  void wake(int queue) {
    queues.wake(queue);
  }

  void release(List<Delivery> deliveries) {
    queues.release(deliveries, context.getSystem().ignoreRef());
  }

  /** Pulls what the hand has room for, and waits for nobody. */
  int pull(int queue, boolean isCandidate, Hand hand) {
    int call = ++last;
    open.put(call, new Call(queue, isCandidate));
    queues.tell(
        queue, QueueCalls.pull(request, hand.roomCount(), hand.roomBytes(), call, receiver));
    return call;
  }

  /** The same, and nothing else is asked before it answers or its time is over. */
  void pullAndAwait(int queue, boolean isCandidate, Hand hand) {
    current = pull(queue, isCandidate, hand);
  }

  /** Leaves a pull for the queue of the node that has something first. */
  void waitForAny(Hand hand) {
    int call = ++last;
    open.put(call, new Call(ANYWHERE, false));
    waitingPull = QueueCalls.pull(request, hand.roomCount(), hand.roomBytes(), call, receiver);
    waiting.add(queues.subscriptionUid(), waitingPull);
  }

  /** Waits for any queue no more; false if one has taken the pull, and its answer is open. */
  boolean stopWaiting() {
    Subscription.Pull pull = waitingPull;
    waitingPull = null;
    if (pull == null) {
      return true;
    }
    boolean isTakenBack = waiting.remove(queues.subscriptionUid(), pull);
    if (isTakenBack) {
      open.remove(pull.call());
    }
    return isTakenBack;
  }

  /** An answer came; null if nobody knows the call any more. */
  @Nullable Call end(int call) {
    Call ended = open.remove(call);
    Subscription.Pull pull = waitingPull;
    if (pull != null && pull.call() == call) {
      waitingPull = null;
    }
    if (ended != null) {
      doubtful.remove(ended.queue());
    }
    return ended;
  }

  boolean isAwaited(int call) {
    return call == current;
  }

  boolean isAwaiting() {
    return current != NONE;
  }

  /** The open call that is waited for. */
  @Nullable Call awaited() {
    return open.get(current);
  }

  void stopAwaiting() {
    current = NONE;
  }

  void doubt(int queue) {
    doubtful.add(queue);
  }

  boolean isDoubtful(int queue) {
    return doubtful.contains(queue);
  }

  boolean isAnyDoubtful() {
    return !doubtful.isEmpty();
  }

  boolean isAnyOpen() {
    return !open.isEmpty();
  }

  boolean isCandidateOpen() {
    return open.values().stream().anyMatch(Call::isCandidate);
  }
}
