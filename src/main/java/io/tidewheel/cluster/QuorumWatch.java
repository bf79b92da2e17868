package io.tidewheel.cluster;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.CurrentClusterState;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.ClusterEvent.ReachabilityEvent;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.GetCurrentState;
import akka.cluster.typed.Subscribe;
import io.tidewheel.message.Control;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the {@link QuorumLease} of its node alive and answers those of others; one on each node.
 *
 * <ol>
 *   <li>It asks every broker twice a second, this node included if it is one.
 *   <li>It answers by what gossip says, that is by what any node has seen of the one that asks.
 *   <li>While somebody waits for a broker that has left, it asks every {@link #HASTE}: the others
 *       may not have seen yet that it left.
 *   <li>For each log that comes to this node it asks Akka for the members. That question passes
 *       whatever Akka had been told before, so the answer knows every removal that the log moved
 *       for.
 *   <li>A node that has been without the lease for too long is told so once: it should end.
 *   <li>An answer says what time it is at the broker, for the {@link ClusterClock}.
 * </ol>
 */
final class QuorumWatch extends AbstractBehavior<QuorumWatch.Command> {
  /** Under the system's guardian, the same on every node: so nodes find each other. */
  static final String NAME = "quorum-watch";

  /** Between two questions as long as it is not known that those who have left write no more. */
  static final Duration HASTE = Duration.ofMillis(100);

  /** What a watch takes. */
  sealed interface Command {}

  /**
   * Do you see this node as a reachable member?
   *
   * @param gone brokers that have left and may still believe that they have not
   */
  record Ask(long round, NodeId asker, List<NodeId> gone, ActorRef<Answered> replyTo)
      implements Command, Control {}

  /**
   * What a broker answers.
   *
   * @param silent of those that were asked about, who is no member here either
   * @param ownMillis what the broker's clock says; 0 if it does not say
   */
  record Answered(long round, NodeId voter, boolean isYes, List<Silence> silent, long ownMillis)
      implements Command, Control {}

  /** For how long at least a broker has not said yes to a node. */
  record Silence(NodeId node, long millis) {}

  /** A node writes nothing any more. */
  record Resigned(NodeId node) implements Command, Control {}

  private record Changed() implements Command {}

  private record Tick() implements Command {}

  private record Hurry() implements Command {}

  private record Claimed() implements Command {}

  /**
   * What Akka knew after so many claims had come.
   *
   * @param isForChange whether because a member has come or gone
   * @param members null if it has not answered
   */
  private record Looked(long claimCount, boolean isForChange, @Nullable CurrentClusterState members)
      implements Command {}

  /** Leave: write nothing from now on, and let all brokers know. */
  record Resign(ActorRef<Done> replyTo) implements Command {}

  private final Cluster cluster;
  private final Peers<Command> peers;
  private final QuorumLease lease;
  private final LongSupplier nanoTime;
  private final ClusterClock clock;
  private final Runnable onOverdue;
  private final VoteRecord record;
  private final TimerScheduler<Command> timers;
  private boolean hasChanged;
  private boolean isLooking;
  private boolean isOverdue;

  static Behavior<Command> create(
      QuorumLease lease, ClusterClock clock, LongSupplier nanoTime, Runnable onOverdue) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new QuorumWatch(context, timers, lease, clock, nanoTime, onOverdue)));
  }

  private QuorumWatch(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      QuorumLease lease,
      ClusterClock clock,
      LongSupplier nanoTime,
      Runnable onOverdue) {
    super(context);
    this.cluster = Cluster.get(context.getSystem());
    this.peers = new Peers<>(context.getSystem(), NAME);
    this.lease = lease;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.onOverdue = onOverdue;
    this.record = new VoteRecord();
    this.timers = timers;
    // Not to every event of the domain: who has seen which gossip changes nothing here.
    ActorRef<MemberEvent> members =
        context.messageAdapter(MemberEvent.class, event -> new Changed());
    ActorRef<ReachabilityEvent> reachability =
        context.messageAdapter(ReachabilityEvent.class, event -> new Changed());
    cluster.subscriptions().tell(Subscribe.create(members, MemberEvent.class));
    cluster.subscriptions().tell(Subscribe.create(reachability, ReachabilityEvent.class));
    timers.startTimerWithFixedDelay(new Tick(), QuorumLease.INTERVAL);
    ActorRef<Command> self = context.getSelf();
    lease.takeOvers().onClaim(() -> self.tell(new Claimed()));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Tick.class, tick -> onTick())
        .onMessage(Hurry.class, hurry -> onHurry())
        .onMessage(Changed.class, changed -> onChanged())
        .onMessage(Claimed.class, claimed -> onClaimed())
        .onMessage(Looked.class, this::onLooked)
        .onMessage(Ask.class, this::onAsk)
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(Resigned.class, this::onResigned)
        .onMessage(Resign.class, this::onResign)
        .build();
  }

  private Behavior<Command> onTick() {
    ask(Members.view(cluster));
    look();
    if (lease.isOverdue() && !isOverdue) {
      isOverdue = true;
      onOverdue.run();
    }
    return this;
  }

  /** A member that comes or goes is a reason not to wait for the next tick. */
  private Behavior<Command> onChanged() {
    hasChanged = true;
    look();
    return this;
  }

  private Behavior<Command> onHurry() {
    if (!lease.waitingFor().isEmpty()) {
      ask(Members.view(cluster));
    }
    return this;
  }

  private Behavior<Command> onClaimed() {
    look();
    return this;
  }

  /** Events are ahead of what Akka gives out without being asked. */
  private void look() {
    if (isLooking || !(hasChanged || lease.takeOvers().isLookWanted())) {
      return;
    }
    isLooking = true;
    boolean isForChange = hasChanged;
    hasChanged = false;
    long claimCount = lease.takeOvers().count();
    getContext()
        .ask(
            CurrentClusterState.class,
            cluster.subscriptions(),
            QuorumLease.INTERVAL,
            GetCurrentState::new,
            (members, failure) -> new Looked(claimCount, isForChange, members));
  }

  private Behavior<Command> onLooked(Looked looked) {
    isLooking = false;
    CurrentClusterState members = looked.members();
    if (members == null) {
      // The next tick tries again.
      hasChanged |= looked.isForChange();
      return this;
    }
    MemberView view = Members.view(cluster, members);
    boolean hasWaited = !lease.waitingFor().isEmpty();
    lease.onLooked(view, looked.claimCount());
    boolean waits = !lease.waitingFor().isEmpty();
    if ((waits && !hasWaited) || (looked.isForChange() && (waits || !lease.isHeld()))) {
      ask(view);
    }
    look();
    return this;
  }

  private void hurry() {
    if (!timers.isTimerActive(Hurry.class)) {
      timers.startSingleTimer(Hurry.class, new Hurry(), HASTE);
    }
  }

  private void ask(MemberView view) {
    if (Members.isEnding(cluster)) {
      lease.end();
    }
    QuorumLease.Question question = lease.begin(view);
    clock.asked(question.number(), question.needed());
    Ask ask =
        new Ask(question.number(), view.self(), question.gone(), getContext().getSelf().narrow());
    for (NodeId broker : view.brokers()) {
      peer(broker).tell(ask);
    }
    if (!lease.waitingFor().isEmpty()) {
      hurry();
    }
    Set<NodeId> members = new HashSet<>(view.brokers());
    members.addAll(view.gateways());
    record.keepOnly(members, new HashSet<>(question.gone()));
  }

  private ActorRef<Command> peer(NodeId broker) {
    return broker.equals(Members.self(cluster)) ? getContext().getSelf() : peers.on(broker);
  }

  private Behavior<Command> onAsk(Ask ask) {
    MemberView view = Members.view(cluster);
    if (view.brokers().contains(view.self())) {
      VoteRecord.Vote vote = record.vote(ask.asker(), ask.gone(), view, nanoTime.getAsLong());
      List<Silence> silent = new ArrayList<>();
      vote.silentMillis().forEach((node, millis) -> silent.add(new Silence(node, millis)));
      ask.replyTo()
          .tell(new Answered(ask.round(), view.self(), vote.isYes(), silent, clock.ownMillis()));
    }
    return this;
  }

  private Behavior<Command> onAnswered(Answered answered) {
    if (answered.ownMillis() != 0) {
      clock.heard(answered.round(), answered.voter(), answered.ownMillis());
    }
    lease.onVote(
        answered.round(),
        answered.voter(),
        new VoteRecord.Vote(
            answered.isYes(),
            answered.silent().stream().collect(Collectors.toMap(Silence::node, Silence::millis))));
    return this;
  }

  private Behavior<Command> onResigned(Resigned resigned) {
    record.onResigned(resigned.node());
    lease.onResigned(resigned.node());
    return this;
  }

  private Behavior<Command> onResign(Resign resign) {
    lease.end();
    MemberView view = Members.view(cluster);
    for (NodeId broker : view.brokers()) {
      peer(broker).tell(new Resigned(view.self()));
    }
    resign.replyTo().tell(Done.getInstance());
    return this;
  }
}
