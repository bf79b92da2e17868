package io.tidewheel.worker;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Inspector.QueueStatus;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Removes subscriptions that nobody has used, on any node, for as long as their {@code
 * expiresAfter}. One per node; the one that is in charge asks the others before it removes.
 *
 * <ol>
 *   <li>One goes between 1 and 1.1 times that time, and about a second, after its last use or the
 *       start of the node, or the leaving of another, whichever is latest; with messages that were
 *       leased then, after the last lease.
 *   <li>It never goes while a worker waits, while a message is leased, or while a queue of its
 *       topic or a node does not say so: then it is asked again a tenth of that time later. While
 *       it is being removed no pull of it begins.
 *   <li>What goes is the subscription that was idle, with the settings it had: not one that was
 *       made again under its name, nor one that was changed meanwhile.
 *   <li>There is no timer while no subscription has the setting.
 * </ol>
 */
public final class Expiry extends AbstractBehavior<Expiry.Command> {
  /** Between two looks, while there is something to look at. */
  static final Duration INTERVAL = Duration.ofSeconds(1);

  /** Subscriptions that are asked about or removed at a time; the others wait. */
  static final int MAX_OPEN = 16;

  private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration REMOVAL_TIMEOUT = Duration.ofSeconds(10);

  /** Removes the subscription if it is still the same, and at the same revision. */
  @FunctionalInterface
  public interface Removal {
    CompletionStage<CatalogClient.Reply> remove(
        Topic topic, Topic.Subscription subscription, Duration timeout);
  }

  /**
   * What this works with.
   *
   * @param catalog what the node knows of it now
   * @param onChange takes what is to be run, on any thread, when the catalog has changed
   * @param others what other nodes say of use there
   * @param nanoTime a monotonic clock
   */
  public record Parts(
      Supplier<CatalogSnapshot> catalog,
      Consumer<Runnable> onChange,
      Removal removal,
      Inspector inspector,
      Idleness idleness,
      OtherNodes others,
      LongSupplier nanoTime) {}

  /** Sent by itself. */
  public sealed interface Command {}

  private enum Timer implements Command {
    CATALOG_CHANGED,
    LOOK
  }

  /** Null instead of statuses that did not come. */
  private record Looked(Watched watched, @Nullable List<QueueStatus> statuses) implements Command {}

  private record Agreed(Watched watched, boolean areIdle) implements Command {}

  private record Removed(Watched watched, CatalogClient.@Nullable Reply reply) implements Command {}

  private record Watched(Topic topic, Topic.Subscription subscription, Duration limit) {
    long uid() {
      return subscription.uid();
    }
  }

  private final Parts parts;
  private final TimerScheduler<Command> timers;
  private final Map<Long, Watched> watchedByUid = new HashMap<>();
  private final Set<Long> openUids = new HashSet<>();
  private final Map<Long, Long> notBeforeNanos = new HashMap<>();
  private long seenVersion = -1;

  public static Behavior<Command> create(Parts parts) {
    return Behaviors.setup(
        context -> Behaviors.withTimers(timers -> new Expiry(context, timers, parts)));
  }

  private Expiry(ActorContext<Command> context, TimerScheduler<Command> timers, Parts parts) {
    super(context);
    this.timers = timers;
    this.parts = parts;
    parts.onChange().accept(() -> context.getSelf().tell(Timer.CATALOG_CHANGED));
    startTimer();
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessageEquals(Timer.CATALOG_CHANGED, this::onCatalogChanged)
        .onMessageEquals(Timer.LOOK, this::onLook)
        .onMessage(Looked.class, this::onLooked)
        .onMessage(Agreed.class, this::onAgreed)
        .onMessage(Removed.class, this::onRemoved)
        .build();
  }

  private Behavior<Command> onCatalogChanged() {
    startTimer();
    return this;
  }

  private void startTimer() {
    if (!timers.isTimerActive(Timer.LOOK)) {
      timers.startTimerWithFixedDelay(Timer.LOOK, INTERVAL);
    }
  }

  private Behavior<Command> onLook() {
    CatalogSnapshot catalog = parts.catalog().get();
    if (catalog.version() != seenVersion) {
      seenVersion = catalog.version();
      watch(catalog);
    }
    if (watchedByUid.isEmpty()) {
      timers.cancel(Timer.LOOK);
      return this;
    }
    if (!parts.others().isInCharge()) {
      return this;
    }
    long now = parts.nanoTime().getAsLong();
    notBeforeNanos.values().removeIf(time -> time - now <= 0);
    for (Watched watched : watchedByUid.values()) {
      long uid = watched.uid();
      if (openUids.size() < MAX_OPEN
          && !openUids.contains(uid)
          && !notBeforeNanos.containsKey(uid)
          && parts.idleness().isIdle(uid, watched.limit())) {
        openUids.add(uid);
        getContext()
            .pipeToSelf(
                parts.inspector().describe(watched.topic(), LOOK_TIMEOUT),
                (statuses, failure) -> new Looked(watched, failure == null ? statuses : null));
      }
    }
    return this;
  }

  private void watch(CatalogSnapshot catalog) {
    watchedByUid.clear();
    for (Topic topic : catalog.topics().values()) {
      if (!topic.isDeleting()) {
        for (Topic.Subscription subscription : topic.subscriptions().values()) {
          Duration limit = subscription.settings().expiresAfter();
          if (limit != null
              && subscription.stage() == Topic.Stage.OPEN
              && !subscription.isBuiltIn()) {
            watchedByUid.put(subscription.uid(), new Watched(topic, subscription, limit));
          }
        }
      }
    }
    parts.idleness().watch(watchedByUid.keySet());
    notBeforeNanos.keySet().retainAll(watchedByUid.keySet());
  }

  private Behavior<Command> onLooked(Looked looked) {
    Watched watched = looked.watched();
    // It may have been used while the queues were asked.
    if (!hasNothingLeased(watched, looked.statuses())
        || !parts.idleness().beginRemoval(watched.uid(), watched.limit())) {
      postpone(watched);
      return this;
    }
    getContext()
        .pipeToSelf(
            parts.others().beginRemoval(watched.uid(), watched.limit()),
            (areIdle, failure) -> new Agreed(watched, failure == null && areIdle));
    return this;
  }

  private Behavior<Command> onAgreed(Agreed agreed) {
    Watched watched = agreed.watched();
    if (!agreed.areIdle()) {
      endRemoval(watched.uid());
      postpone(watched);
      return this;
    }
    getContext()
        .pipeToSelf(
            parts
                .removal()
                .remove(watched.topic(), watched.subscription(), REMOVAL_TIMEOUT)
                .whenComplete((reply, failure) -> endRemoval(watched.uid())),
            (reply, failure) -> new Removed(watched, failure == null ? reply : null));
    return this;
  }

  private void endRemoval(long uid) {
    parts.idleness().endRemoval(uid);
    parts.others().endRemoval(uid);
  }

  /** Whether every queue says that its part of the subscription holds nothing leased. */
  private static boolean hasNothingLeased(Watched watched, @Nullable List<QueueStatus> statuses) {
    if (statuses == null) {
      return false;
    }
    long freeCount =
        statuses.stream()
            .flatMap(status -> status.readers().stream())
            .filter(reader -> reader.subscriptionUid() == watched.uid())
            .filter(reader -> reader.leased() == 0 && !reader.isRecovering())
            .count();
    return freeCount == watched.topic().settings().queues();
  }

  private Behavior<Command> onRemoved(Removed removed) {
    Watched watched = removed.watched();
    postpone(watched);
    if (removed.reply() instanceof CatalogClient.Deleted) {
      getContext()
          .getLog()
          .info(
              "Removed subscription {} of topic {}, which was not used for {}",
              watched.subscription().name(),
              watched.topic().name(),
              watched.limit());
    } else {
      getContext()
          .getLog()
          .info(
              "Did not remove subscription {} of topic {}, which is idle: {}",
              watched.subscription().name(),
              watched.topic().name(),
              removed.reply());
    }
    return this;
  }

  private void postpone(Watched watched) {
    openUids.remove(watched.uid());
    long delay = Math.max(INTERVAL.toNanos(), watched.limit().toNanos() / 10);
    notBeforeNanos.put(watched.uid(), parts.nanoTime().getAsLong() + delay);
  }
}
