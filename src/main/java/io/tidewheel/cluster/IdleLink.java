package io.tidewheel.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.cluster.ClusterEvent.MemberEvent;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import io.tidewheel.message.Control;
import io.tidewheel.worker.Idleness;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Asks all other nodes whether a subscription is idle there too, and answers them. One on each
 * node.
 *
 * <ol>
 *   <li>Only when every node that is a member has said yes, within {@link #TIMEOUT}, are all idle.
 *   <li>A node that said yes refuses pulls until it is told that the removal has ended, or for
 *       {@link Idleness#MAX_REMOVAL}, whatever becomes of this link.
 *   <li>When a node leaves everything counts as used: what was used through it is forgotten.
 * </ol>
 */
final class IdleLink extends AbstractBehavior<IdleLink.Command> {
  /** Under the system's guardian, the same on every node: so nodes find each other. */
  static final String NAME = "idle-link";

  /** For the answers of all nodes. */
  static final Duration TIMEOUT = Duration.ofSeconds(3);

  /** What a link takes. */
  sealed interface Command {}

  /** From this node: ask all others. */
  record AskAll(long subscriptionUid, Duration limit, CompletableFuture<Boolean> answer)
      implements Command {}

  /** From this node: the removal has ended. */
  record EndAll(long subscriptionUid) implements Command {}

  /** Is it idle there for so long? Then refuse pulls of it. */
  record Begin(long subscriptionUid, long limitMillis, NodeId remover, ActorRef<Said> replyTo)
      implements Command, Control {}

  /** What a node answers. */
  record Said(long subscriptionUid, NodeId node, boolean isIdle) implements Command, Control {}

  /** It is gone, or it stays. */
  record End(long subscriptionUid, NodeId remover) implements Command, Control {}

  private record Changed() implements Command {}

  private record TimeOver(long subscriptionUid) implements Command {}

  private record Round(Set<NodeId> missing, CompletableFuture<Boolean> answer) {}

  private final Cluster cluster;
  private final NodeId self;
  private final Peers<Command> peers;
  private final TimerScheduler<Command> timers;
  private final Idleness idleness;
  private final Map<Long, Round> rounds = new HashMap<>();
  private Set<NodeId> others;

  static Behavior<Command> create(Idleness idleness) {
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new IdleLink(context, timers, idleness)));
  }

  private IdleLink(
      ActorContext<Command> context, TimerScheduler<Command> timers, Idleness idleness) {
    super(context);
    this.cluster = Cluster.get(context.getSystem());
    this.self = Members.self(cluster);
    this.peers = new Peers<>(context.getSystem(), NAME);
    this.timers = timers;
    this.idleness = idleness;
    this.others = Members.view(cluster).others();
    ActorRef<MemberEvent> events =
        context.messageAdapter(MemberEvent.class, event -> new Changed());
    cluster.subscriptions().tell(Subscribe.create(events, MemberEvent.class));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(AskAll.class, this::onAskAll)
        .onMessage(Said.class, this::onSaid)
        .onMessage(TimeOver.class, over -> onTimeOver(over.subscriptionUid()))
        .onMessage(EndAll.class, this::onEndAll)
        .onMessage(Begin.class, this::onBegin)
        .onMessage(End.class, this::onEnd)
        .onMessage(Changed.class, changed -> onChanged())
        .build();
  }

  private Behavior<Command> onAskAll(AskAll ask) {
    onChanged();
    long uid = ask.subscriptionUid();
    if (others.isEmpty()) {
      ask.answer().complete(true);
      return this;
    }
    rounds.put(uid, new Round(new HashSet<>(others), ask.answer()));
    timers.startSingleTimer(uid, new TimeOver(uid), TIMEOUT);
    Begin begin = new Begin(uid, ask.limit().toMillis(), self, getContext().getSelf().narrow());
    others.forEach(node -> peers.on(node).tell(begin));
    return this;
  }

  private Behavior<Command> onSaid(Said said) {
    Round round = rounds.get(said.subscriptionUid());
    if (round != null && round.missing.remove(said.node())) {
      if (!said.isIdle()) {
        finish(said.subscriptionUid(), false);
      } else if (round.missing.isEmpty()) {
        finish(said.subscriptionUid(), true);
      }
    }
    return this;
  }

  private Behavior<Command> onTimeOver(long subscriptionUid) {
    finish(subscriptionUid, false);
    return this;
  }

  private void finish(long subscriptionUid, boolean areIdle) {
    timers.cancel(subscriptionUid);
    Round round = rounds.remove(subscriptionUid);
    if (round != null) {
      round.answer.complete(areIdle);
    }
  }

  private Behavior<Command> onEndAll(EndAll end) {
    End ended = new End(end.subscriptionUid(), self);
    others.forEach(node -> peers.on(node).tell(ended));
    return this;
  }

  private Behavior<Command> onBegin(Begin begin) {
    long uid = begin.subscriptionUid();
    boolean isIdle =
        idleness.beginRemoval(
            uid, Duration.ofMillis(begin.limitMillis()), begin.remover().toString());
    begin.replyTo().tell(new Said(uid, self, isIdle));
    return this;
  }

  private Behavior<Command> onEnd(End end) {
    idleness.endRemoval(end.subscriptionUid(), end.remover().toString());
    return this;
  }

  private Behavior<Command> onChanged() {
    Set<NodeId> now = Members.view(cluster).others();
    if (!now.containsAll(others)) {
      idleness.forgetIdleTime();
      Set.copyOf(rounds.keySet()).forEach(uid -> finish(uid, false));
    }
    others = now;
    return this;
  }
}
