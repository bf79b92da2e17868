package io.tidewheel.catalog;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogRequests.Request;
import io.tidewheel.journal.CoreLink;
import io.tidewheel.message.Control;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The catalog: the front over {@link CatalogLog}. One per cluster.
 *
 * <ol>
 *   <li>Its core gets one command at a time; the others wait, bounded, and are refused beyond.
 *   <li>What is recorded is completed: a subscription being opened or closed and a topic being
 *       deleted go on until every queue has stored it, also after a restart of the catalog.
 *   <li>A change is answered after it is stored and, where queues are involved, after they have
 *       stored it; views get it before the answer.
 *   <li>Only what the core has confirmed is in the feed that views see.
 * </ol>
 *
 * <p>After a restart everything but open requests and views is found again; views come back by
 * themselves, and requests may be repeated.
 */
public final class Catalog extends AbstractBehavior<Catalog.Command> {
  /** What the catalog takes. */
  public sealed interface Command {}

  /** Make a change; answered by {@link Answer}. Safe to repeat. */
  record Execute(long requestId, CatalogChange change, Duration timeLeft, ActorRef<Answer> replyTo)
      implements Command, Control {}

  /** Say at which version the catalog is; answered by {@link Answer} without a reply. */
  record AskVersion(long requestId, Duration timeLeft, ActorRef<Answer> replyTo)
      implements Command, Control {}

  /**
   * Send what changed after a version, now and from now on. Repeated every second; who does not is
   * forgotten. Answered by pages; not at all by a catalog that knows less than the view, because
   * that is an old owner which has not noticed yet.
   *
   * @param since see {@link CatalogFeed#page}
   * @param base see {@link CatalogFeed#page}
   */
  record Watch(long since, long base, ActorRef<CatalogPage> replyTo) implements Command, Control {}

  /**
   * What came of a request.
   *
   * @param reply null for the answer to {@link AskVersion}
   * @param version what a view must be at to have seen it; 0 if it need not wait
   */
  record Answer(long requestId, CatalogClient.@Nullable Reply reply, long version)
      implements Control {}

  private record CoreSignal(CoreLink.Signal<CatalogLog.Result> signal) implements Command {}

  private record TryLoad() implements Command {}

  record RequestExpired(Request request) implements Command {}

  private record CallEnded(long callId, @Nullable Throwable failure) implements Command {}

  private record RetryStep(CatalogSteps.Step step) implements Command {}

  record ViewStopped(ActorRef<CatalogPage> view) implements Command {}

  private record ForgetViews() implements Command {}

  private final TimerScheduler<Command> timers;
  private final CatalogSettings settings;
  private final QueueControl queues;
  private final CoreLink<Command, CatalogLog.Command, CatalogLog.Result> core;
  private final CatalogSteps steps;
  private final CatalogRequests requests;
  private final CatalogWatchers watchers;
  private @Nullable CatalogFeed feed;

  private Catalog(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      CatalogSettings settings,
      QueueControl queues,
      InstantSource clock) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.queues = queues;
    this.steps = new CatalogSteps(settings.maxParallelCalls());
    this.requests = new CatalogRequests(timers, settings.maxRequests());
    this.watchers = new CatalogWatchers(context, settings);
    this.core =
        new CoreLink<>(
            context,
            timers,
            settings.ownership(),
            () -> CatalogLog.create(settings.ownership(), settings.topicDefaults(), clock),
            CoreSignal::new,
            this::onCoreStarted);
  }

  public static Behavior<Command> create(
      CatalogSettings settings, QueueControl queues, InstantSource clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  Catalog catalog = new Catalog(context, timers, settings, queues, clock);
                  timers.startTimerWithFixedDelay(new ForgetViews(), Duration.ofSeconds(1));
                  catalog.core.start();
                  return catalog;
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Execute.class, this::onExecute)
        .onMessage(AskVersion.class, this::onAskVersion)
        .onMessage(Watch.class, this::onWatch)
        .onMessage(CoreSignal.class, this::onCoreSignal)
        .onMessage(TryLoad.class, load -> onTryLoad())
        .onMessage(RequestExpired.class, this::onRequestExpired)
        .onMessage(CallEnded.class, this::onCallEnded)
        .onMessage(RetryStep.class, this::onRetryStep)
        .onMessage(ViewStopped.class, this::onViewStopped)
        .onMessage(ForgetViews.class, forget -> onForgetViews())
        .build();
  }

  private Behavior<Command> onExecute(Execute execute) {
    requests.accept(
        new Request(execute.change(), execute.requestId(), execute.replyTo()), execute.timeLeft());
    submitNext();
    return this;
  }

  private Behavior<Command> onAskVersion(AskVersion ask) {
    requests.accept(
        new Request(new CatalogLog.Check(), ask.requestId(), ask.replyTo()), ask.timeLeft());
    submitNext();
    return this;
  }

  private Behavior<Command> onRequestExpired(RequestExpired expired) {
    requests.onExpired(expired.request());
    return this;
  }

  private Behavior<Command> onCoreSignal(CoreSignal signal) {
    core.onSignal(signal.signal());
    submitNext();
    return this;
  }

  private Behavior<Command> onTryLoad() {
    load();
    return this;
  }

  private void submitNext() {
    if (feed != null && core.isFree() && requests.isAnyWaiting()) {
      core.submit(requests.submitNext(), new ChangeOutcome());
    }
  }

  /** A core that was started anew has read back what is stored; so must the feed. */
  private void onCoreStarted() {
    feed = null;
    load();
  }

  private void load() {
    if (feed == null && core.isFree()) {
      core.submit(new CatalogLog.Load(), new LoadOutcome());
    }
  }

  private final class LoadOutcome implements CoreLink.Outcome<CatalogLog.Result> {
    @Override
    public void onDone(CatalogLog.Result result) {
      CatalogState state = ((CatalogLog.Loaded) result).state();
      CatalogFeed fresh = new CatalogFeed(state, settings.maxRemovals());
      feed = fresh;
      steps.onLoaded(state.snapshot());
      steps.completedTasks().forEach(task -> requests.record(task.whenDone()));
      callQueues();
      watchers.pushAll(fresh);
      requests.settle(state);
    }

    @Override
    public void onLost(boolean mayBeStored) {
      timers.startSingleTimer(new TryLoad(), settings.backoff(1));
    }
  }

  private final class ChangeOutcome implements CoreLink.Outcome<CatalogLog.Result> {
    @Override
    public void onDone(CatalogLog.Result result) {
      List<Request> decided = requests.takeSubmitted();
      CatalogFeed current = feed;
      if (current != null) {
        onDecided(
            decided,
            result instanceof CatalogLog.Results several ? several.results() : List.of(result),
            current);
      }
    }

    /**
     * If it may be stored, nothing is decided before it is read back. If not, the others wait until
     * this node owns the catalog again, or their time is up.
     */
    @Override
    public void onLost(boolean mayBeStored) {
      List<Request> lost = requests.takeSubmitted();
      feed = null;
      if (mayBeStored) {
        load();
      } else {
        timers.startSingleTimer(new TryLoad(), settings.backoff(1));
      }
      String detail =
          mayBeStored
              ? "the catalog failed or moved while it stored the change, which may be recorded"
              : "this node does not own the catalog now";
      lost.forEach(
          request ->
              requests.answer(request, new CatalogClient.Unavailable(detail, mayBeStored), 0));
    }
  }

  /** First all that is stored goes to queues and views, then the answers go out. */
  private void onDecided(
      List<Request> decided, List<CatalogLog.Result> results, CatalogFeed current) {
    boolean isAnyStored = false;
    for (int i = 0; i < decided.size(); i++) {
      if (results.get(i) instanceof CatalogLog.Stored stored) {
        isAnyStored = true;
        onStored(decided.get(i), stored, current);
      }
    }
    if (isAnyStored) {
      callQueues();
      watchers.pushAll(current);
    }
    for (int i = 0; i < decided.size(); i++) {
      answer(decided.get(i), results.get(i), current);
    }
  }

  private void onStored(Request request, CatalogLog.Stored stored, CatalogFeed current) {
    CatalogEvent event = stored.event();
    current.onStored(event);
    requests.onStored(request, event);
    steps.onTopic(event.topicUid(), current.state().snapshot().topic(event.topicUid()));
  }

  private void answer(Request request, CatalogLog.Result result, CatalogFeed current) {
    if (result instanceof CatalogLog.Refused refused) {
      requests.answer(request, refused.reply(), 0);
    } else if (result instanceof CatalogLog.Checked) {
      requests.answer(request, null, current.state().version());
    } else if (result instanceof CatalogLog.Unchanged unchanged) {
      requests.onRecorded(
          request, unchanged.topicUid(), unchanged.subscriptionUid(), current.state());
    } else if (result instanceof CatalogLog.Stored stored && stored.isLast()) {
      CatalogEvent event = stored.event();
      requests.onRecorded(request, event.topicUid(), event.subscriptionUid(), current.state());
      requests.settle(current.state());
    } else if (result instanceof CatalogLog.Stored) {
      requests.putBack(request);
    }
  }

  private void callQueues() {
    CatalogFeed current = feed;
    if (current == null) {
      return;
    }
    for (CatalogSteps.Call call : steps.takeCalls()) {
      CallEnded timeout = new CallEnded(call.id(), new TimeoutException("no answer"));
      timers.startSingleTimer(call.id(), timeout, settings.callTimeout());
      getContext()
          .pipeToSelf(
              call(call.step(), current.state().snapshot()),
              (done, failure) -> new CallEnded(call.id(), failure));
    }
  }

  private CompletionStage<?> call(CatalogSteps.Step step, CatalogSnapshot snapshot) {
    CatalogSteps.Task task = step.task();
    Topic topic = snapshot.topic(task.topicUid());
    Topic.Subscription subscription =
        topic == null ? null : topic.subscription(task.subscriptionUid());
    if (task.kind() == CatalogSteps.Kind.OPEN && topic != null && subscription != null) {
      return queues.openSubscription(topic, subscription, step.queue());
    }
    return task.kind() == CatalogSteps.Kind.CLOSE
        ? queues.closeSubscription(task.topicUid(), step.queue(), task.subscriptionUid())
        : queues.deleteQueue(task.topicUid(), step.queue());
  }

  private Behavior<Command> onCallEnded(CallEnded ended) {
    timers.cancel(ended.callId());
    CatalogSteps.Ended outcome = steps.onEnded(ended.callId(), ended.failure() == null);
    if (outcome instanceof CatalogSteps.Completed completed) {
      requests.record(completed.task().whenDone());
      submitNext();
    } else if (outcome instanceof CatalogSteps.Failed failed) {
      Duration delay = settings.backoff(failed.failureCount());
      getContext()
          .getLog()
          .warn(
              "{} failed {} times, trying again in {}: {}",
              failed.step(),
              failed.failureCount(),
              delay,
              String.valueOf(ended.failure()));
      timers.startSingleTimer(failed.step(), new RetryStep(failed.step()), delay);
    }
    callQueues();
    return this;
  }

  private Behavior<Command> onRetryStep(RetryStep retry) {
    steps.retry(retry.step());
    callQueues();
    return this;
  }

  private Behavior<Command> onWatch(Watch watch) {
    CatalogFeed current = feed;
    if (watchers.onWatch(watch) && current != null) {
      watchers.push(watch.replyTo(), current);
    }
    return this;
  }

  private Behavior<Command> onViewStopped(ViewStopped stopped) {
    watchers.onStopped(stopped.view());
    return this;
  }

  private Behavior<Command> onForgetViews() {
    watchers.onTick();
    return this;
  }
}
