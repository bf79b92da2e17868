package io.tidewheel.worker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import io.tidewheel.catalog.Topic;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.subscription.Subscription.NotSought;
import io.tidewheel.subscription.Subscription.Position;
import io.tidewheel.subscription.Subscription.Seek;
import io.tidewheel.subscription.Subscription.SeekReply;
import io.tidewheel.subscription.Subscription.Settle;
import io.tidewheel.subscription.Subscription.Settled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Pulls through the short-lived {@link Workers} of this node, and settles.
 *
 * <p>A pull beyond the bound of open ones, or of a subscription that is being removed because it
 * was idle, fails with {@link RejectedPullException}. Whoever cancels the future of a pull gives it
 * up: deliveries that were on their way are released.
 */
public final class NodeConsumer implements Consumer {
  private final ActorRef<Workers.Command> workers;
  private final Questions settles;
  private final Questions questions;
  private final QueueRouter router;
  private final Idleness idleness;
  private final ActorSystem<?> system;

  public NodeConsumer(
      ActorRef<Workers.Command> workers,
      Questions settles,
      Questions questions,
      QueueRouter router,
      Idleness idleness,
      ActorSystem<?> system) {
    this.workers = workers;
    this.settles = settles;
    this.questions = questions;
    this.router = router;
    this.idleness = idleness;
    this.system = system;
  }

  @Override
  public CompletableFuture<List<Delivery>> pull(
      Topic topic, Topic.Subscription subscription, PullRequest request) {
    if (!idleness.onPullBegan(subscription.uid())) {
      return CompletableFuture.failedFuture(removing());
    }
    CompletableFuture<List<Delivery>> answer = new CompletableFuture<>();
    CompletableFuture<?> unused =
        answer.whenComplete((deliveries, failure) -> idleness.onPullEnded(subscription.uid()));
    workers.tell(
        new Workers.Pull(
            new PullTask(
                topic.uid(), topic.settings().queues(), subscription.uid(), request, answer)));
    return answer;
  }

  static RejectedPullException removing() {
    return RejectedPullException.notNow(
        "the subscription was not used for long and is being removed");
  }

  @Override
  public StandingPull stand(Topic topic, Topic.Subscription subscription, PullRequest request) {
    return new NodeStandingPull(
        workers,
        idleness,
        new PullTask(
            topic.uid(),
            topic.settings().queues(),
            subscription.uid(),
            request,
            CompletableFuture.completedFuture(List.of())));
  }

  @Override
  public CompletableFuture<List<SettleStatus>> settle(
      Topic topic,
      Topic.Subscription subscription,
      SettleAction action,
      List<Receipt> receipts,
      Duration timeLeft) {
    idleness.onUse(subscription.uid());
    SettleStatus[] statuses = new SettleStatus[receipts.size()];
    Arrays.fill(statuses, SettleStatus.INVALID);
    Map<Integer, List<Integer>> indexesByQueue = new TreeMap<>();
    for (int i = 0; i < receipts.size(); i++) {
      Receipt receipt = receipts.get(i);
      if (receipt.subscriptionUid() == subscription.uid()
          && receipt.queue() >= 0
          && receipt.queue() < topic.settings().queues()) {
        statuses[i] = SettleStatus.RETRY;
        indexesByQueue.computeIfAbsent(receipt.queue(), queue -> new ArrayList<>()).add(i);
      }
    }
    if (timeLeft.isNegative() || timeLeft.isZero()) {
      return CompletableFuture.completedFuture(List.of(statuses));
    }
    List<CompletableFuture<Void>> merged = new ArrayList<>();
    indexesByQueue.forEach(
        (queue, indexes) -> {
          List<Receipt> some = indexes.stream().map(receipts::get).toList();
          merged.add(
              settle(
                      new Questions.Place(topic.uid(), queue, subscription.uid()),
                      action,
                      some,
                      timeLeft)
                  .thenAccept(answer -> merge(statuses, indexes, answer)));
        });
    return CompletableFuture.allOf(merged.toArray(CompletableFuture[]::new))
        .thenApply(done -> List.of(statuses));
  }

  /** What is not answered in time, or not asked, is to be settled again. */
  private CompletableFuture<List<SettleStatus>> settle(
      Questions.Place place, SettleAction action, List<Receipt> receipts, Duration timeLeft) {
    Settled again = new Settled(Collections.nCopies(receipts.size(), SettleStatus.RETRY));
    return settles
        .<Settled>ask(
            place, replyTo -> new Settle(action, receipts, replyTo), again, again, timeLeft)
        .thenApply(Settled::statuses);
  }

  @Override
  public CompletableFuture<SortedMap<Integer, SeekReply>> seek(
      Topic topic,
      Topic.Subscription subscription,
      Map<Integer, Position> positions,
      Duration timeLeft) {
    SortedMap<Integer, SeekReply> replies = new ConcurrentSkipListMap<>();
    List<CompletableFuture<Void>> merged = new ArrayList<>();
    positions.forEach(
        (queue, position) -> {
          merged.add(
              questions
                  .<SeekReply>ask(
                      new Questions.Place(topic.uid(), queue, subscription.uid()),
                      replyTo -> new Seek(position, replyTo),
                      new NotSought(queue, "the queue did not answer; look, and ask again"),
                      new NotSought(queue, "too much is asked on this node now; ask again"),
                      timeLeft)
                  .thenAccept(reply -> replies.put(queue, reply)));
        });
    return CompletableFuture.allOf(merged.toArray(CompletableFuture[]::new))
        .thenApply(done -> replies);
  }

  @Override
  public void release(Topic topic, Topic.Subscription subscription, List<Delivery> deliveries) {
    new QueueCalls(router, topic.uid(), subscription.uid()).release(deliveries, system.ignoreRef());
  }

  private static void merge(
      SettleStatus[] statuses, List<Integer> indexes, List<SettleStatus> some) {
    for (int i = 0; i < indexes.size(); i++) {
      statuses[indexes.get(i)] = some.get(i);
    }
  }
}
