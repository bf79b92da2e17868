package io.tidewheel.cluster;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.sharding.ShardRegion;
import akka.cluster.sharding.ShardRegion.ClusterShardingStats;
import akka.cluster.sharding.typed.ClusterShardingQuery;
import akka.cluster.sharding.typed.GetClusterShardingStats;
import akka.cluster.sharding.typed.ShardingEnvelope;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.cluster.typed.Cluster;
import io.tidewheel.catalog.QueueControl;
import io.tidewheel.catalog.Topic;
import io.tidewheel.dispatch.SameThread;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueAsker;
import io.tidewheel.queue.QueueBed;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.queue.QueueWaker;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** All queues of the cluster, as sharded entities. Safe for any thread. */
public final class ShardedQueues implements QueueRouter, QueueAsker, QueueControl {
  private static final EntityTypeKey<Queue.Command> TYPE =
      EntityTypeKey.create(Queue.Command.class, "queue");

  /** Opening waits for the recovery of a queue and for one write. */
  private static final Duration CONTROL_TIMEOUT = Duration.ofSeconds(10);

  private final ActorSystem<?> system;
  private volatile @Nullable ActorRef<ShardingEnvelope<Queue.Command>> region;
  private volatile @Nullable Local local;
  private volatile boolean isStopping;

  /** What says where queues live, if there are other nodes. */
  private record Local(LocalShards shards, QueuePlacement placing) {}

  /** The queues as others reach them; nothing does before {@link #start}. */
  public ShardedQueues(ActorSystem<?> system) {
    this.system = system;
  }

  /**
   * Starts the region of this node: queues may live here from now on.
   *
   * @param waker is told when queues are to be woken
   * @param cluster says by whom the queues are shared
   */
  public void start(
      Queue.Dependencies node, ActorRef<QueueWaker.Command> waker, ClusterNode cluster) {
    int count = system.settings().config().getInt("akka.cluster.sharding.number-of-shards");
    QueuePlacement placing = new QueuePlacement(count);
    Entity<Queue.Command, ShardingEnvelope<Queue.Command>> entity =
        Entity.of(
                TYPE,
                context -> {
                  long topicUid = QueuePlacement.topicUid(context.getEntityId());
                  int queue = QueuePlacement.queue(context.getEntityId());
                  return Queue.create(
                      topicUid, queue, node, new Bed(topicUid, queue, waker, context.getShard()));
                })
            .withStopMessage(new Queue.Stop())
            .withMessageExtractor(placing);
    ActorRef<ShardingEnvelope<Queue.Command>> started =
        ClusterSharding.get(system).init(placed(entity, cluster, node.nanoTime()));
    region = started;
    if (cluster.isMember()) {
      local = new Local(new LocalShards(Adapter.toClassic(started), node.nanoTime()), placing);
    }
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeClusterShutdown(),
            "send-nothing-to-queues",
            () -> {
              isStopping = true;
              return CompletableFuture.completedFuture(Done.getInstance());
            });
  }

  private Entity<Queue.Command, ShardingEnvelope<Queue.Command>> placed(
      Entity<Queue.Command, ShardingEnvelope<Queue.Command>> entity,
      ClusterNode cluster,
      LongSupplier nanoTime) {
    if (!cluster.isMember()) {
      return entity;
    }
    Cluster members = Cluster.get(system);
    return entity.withAllocationStrategy(
        new GatedAllocation(
            new StripedAllocation(
                members.selfMember().address(),
                cluster.settings(),
                () -> Members.isCalm(members),
                nanoTime),
            cluster.fence(),
            system.executionContext()));
  }

  /** Lets a queue of this node fall asleep, and has it woken where it is. */
  private record Bed(
      long topicUid,
      int queue,
      ActorRef<QueueWaker.Command> waker,
      ActorRef<ClusterSharding.ShardCommand> shard)
      implements QueueBed {
    @Override
    public void sleep(ActorRef<Queue.Command> self, long dueMillis) {
      waker.tell(new QueueWaker.Sleeps(topicUid, queue, dueMillis));
      shard.tell(new ClusterSharding.Passivate<>(self));
    }

    @Override
    public void moves() {
      waker.tell(new QueueWaker.Moves(topicUid, queue));
    }
  }

  /**
   * Sends, unless this node stops: a region keeps what comes for queues that have left it, and does
   * not end before it is rid of that. Whoever waits for an answer has a time limit, as for every
   * message between nodes.
   */
  @Override
  public void tell(long topicUid, int queue, Queue.Command command) {
    ActorRef<ShardingEnvelope<Queue.Command>> started = region;
    if (started == null) {
      throw notStarted();
    }
    if (isStopping) {
      return;
    }
    started.tell(new ShardingEnvelope<>(QueuePlacement.entityId(topicUid, queue), command));
  }

  @Override
  public boolean isHere(long topicUid, int queue) {
    Local known = local;
    return known == null
        || known
            .shards()
            .contains(known.placing().shardId(QueuePlacement.entityId(topicUid, queue)));
  }

  @Override
  public CompletionStage<Long> openSubscription(
      Topic topic, Topic.Subscription subscription, int queue) {
    return change(
            topic.uid(),
            queue,
            replyTo ->
                new Queue.OpenSubscription(
                    subscription.uid(),
                    subscription.start(),
                    subscription.startsAtMillis(),
                    replyTo))
        .thenApply(Queue.StoredInLog::startOffset);
  }

  @Override
  public CompletionStage<Void> closeSubscription(long topicUid, int queue, long subscriptionUid) {
    return change(topicUid, queue, replyTo -> new Queue.CloseSubscription(subscriptionUid, replyTo))
        .thenAccept(stored -> {});
  }

  @Override
  public CompletionStage<Void> deleteQueue(long topicUid, int queue) {
    return change(topicUid, queue, Queue.Delete::new).thenAccept(stored -> {});
  }

  /** How many queues are awake on each broker that answers in time, by {@code host:port}. */
  CompletionStage<Map<String, Integer>> countByNode(Duration timeout) {
    ClusterSharding sharding = ClusterSharding.get(system);
    return AskPattern.<ClusterShardingQuery, ClusterShardingStats>ask(
            sharding.shardState(),
            replyTo -> new GetClusterShardingStats(TYPE, timeout, replyTo),
            timeout.plusSeconds(1),
            system.scheduler())
        .handle(
            (stats, failure) -> {
              Map<String, Integer> counts = new HashMap<>();
              if (failure == null) {
                stats
                    .getRegions()
                    .forEach((address, region) -> counts.put(Members.name(address), awake(region)));
              }
              return counts;
            });
  }

  /** The values are Scala's Int, which Java knows as objects only. */
  private static int awake(ShardRegion.ShardRegionStats region) {
    int count = 0;
    for (Object queues : region.getStats().values()) {
      count += ((Number) queues).intValue();
    }
    return count;
  }

  @Override
  public <R> CompletionStage<R> ask(
      long topicUid, int queue, Function<ActorRef<R>, Queue.Command> question, Duration timeout) {
    ActorRef<ShardingEnvelope<Queue.Command>> started = region;
    if (started == null || isStopping) {
      return CompletableFuture.failedFuture(notStarted());
    }
    String entityId = QueuePlacement.entityId(topicUid, queue);
    return SameThread.of(
        AskPattern.ask(
            started,
            replyTo -> new ShardingEnvelope<>(entityId, question.apply(replyTo)),
            timeout,
            system.scheduler()));
  }

  private CompletionStage<Queue.StoredInLog> change(
      long topicUid,
      int queue,
      Function<ActorRef<Queue.SubscriptionReply>, Queue.Command> command) {
    return ask(topicUid, queue, command, CONTROL_TIMEOUT)
        .thenApply(
            reply -> {
              if (reply instanceof Queue.StoredInLog stored) {
                return stored;
              }
              throw new CompletionException(
                  new IllegalStateException(((Queue.NotNow) reply).detail()));
            });
  }

  private static IllegalStateException notStarted() {
    return new IllegalStateException(
        "the queues of this node are not started yet, or the node stops");
  }
}
