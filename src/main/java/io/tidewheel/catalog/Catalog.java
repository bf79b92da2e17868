package io.tidewheel.catalog;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.journal.FencedLog;
import io.tidewheel.message.Control;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private record CoreAnswered(FencedLog.Answer<CatalogLog.Result> answer) implements Command {}

  private record CoreStopped() implements Command {}

  private record StartCore() implements Command {}

  private record TryLoad() implements Command {}

  private record RequestExpired(Request request) implements Command {}

  private record CallEnded(long callId, @Nullable Throwable failure) implements Command {}

  private record RetryStep(CatalogSteps.Step step) implements Command {}

  private record ViewStopped(ActorRef<CatalogPage> view) implements Command {}

  private record ForgetViews() implements Command {}

  /** Something the core has to decide; equal only to itself. */
  private static final class Request {
    private final CatalogLog.Command command;
    private final long requestId;
    private final @Nullable ActorRef<Answer> replyTo;
    private boolean isCreating;
    private long topicUid;
    private long subscriptionUid;

    Request(CatalogLog.Command command, long requestId, @Nullable ActorRef<Answer> replyTo) {
      this.command = command;
      this.requestId = requestId;
      this.replyTo = replyTo;
    }
  }

  private static final class View {
    private long sent;
    private long base;
    private int silentTicks;
  }

  private final TimerScheduler<Command> timers;
  private final CatalogSettings settings;
  private final QueueControl queues;
  private final InstantSource clock;
  private final ActorRef<FencedLog.Answer<CatalogLog.Result>> coreAnswers;
  private final CatalogSteps steps;
  private final Deque<Request> waiting = new ArrayDeque<>();
  private final List<Request> inProgress = new ArrayList<>();
  private final Map<ActorRef<CatalogPage>, View> views = new LinkedHashMap<>();
  private @Nullable ActorRef<FencedLog.Request<CatalogLog.Command, CatalogLog.Result>> core;
  private @Nullable Request submitted;
  private @Nullable CatalogFeed feed;
  private boolean isLoading;
  private int coreFailureCount;

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
    this.clock = clock;
    this.steps = new CatalogSteps(settings.maxParallelCalls());
    this.coreAnswers = context.messageAdapter(answerType(), CoreAnswered::new);
  }

  public static Behavior<Command> create(
      CatalogSettings settings, QueueControl queues, InstantSource clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  Catalog catalog = new Catalog(context, timers, settings, queues, clock);
                  timers.startTimerWithFixedDelay(new ForgetViews(), Duration.ofSeconds(1));
                  catalog.onStartCore();
                  return catalog;
                }));
  }

  @SuppressWarnings("unchecked")
  private static Class<FencedLog.Answer<CatalogLog.Result>> answerType() {
    return (Class<FencedLog.Answer<CatalogLog.Result>>) (Class<?>) FencedLog.Answer.class;
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Execute.class, this::onExecute)
        .onMessage(AskVersion.class, this::onAskVersion)
        .onMessage(Watch.class, this::onWatch)
        .onMessage(CoreAnswered.class, this::onCoreAnswered)
        .onMessage(CoreStopped.class, stopped -> onCoreStopped())
        .onMessage(StartCore.class, start -> onStartCore())
        .onMessage(TryLoad.class, load -> onTryLoad())
        .onMessage(RequestExpired.class, this::onRequestExpired)
        .onMessage(CallEnded.class, this::onCallEnded)
        .onMessage(RetryStep.class, this::onRetryStep)
        .onMessage(ViewStopped.class, this::onViewStopped)
        .onMessage(ForgetViews.class, forget -> onForgetViews())
        .build();
  }

  private Behavior<Command> onExecute(Execute execute) {
    accept(
        new Request(execute.change(), execute.requestId(), execute.replyTo()), execute.timeLeft());
    return this;
  }

  private Behavior<Command> onAskVersion(AskVersion ask) {
    accept(new Request(new CatalogLog.Check(), ask.requestId(), ask.replyTo()), ask.timeLeft());
    return this;
  }

  private void accept(Request request, Duration timeLeft) {
    if (waiting.size() + inProgress.size() >= settings.maxRequests()) {
      answer(request, unavailable("the catalog has too many requests waiting", false), 0);
      return;
    }
    timers.startSingleTimer(request, new RequestExpired(request), timeLeft);
    waiting.add(request);
    submitNext();
  }

  private Behavior<Command> onRequestExpired(RequestExpired expired) {
    Request request = expired.request();
    if (waiting.remove(request)) {
      boolean isRecorded = request.isCreating;
      answer(request, unavailable("the catalog did not get to it in time", isRecorded), 0);
    } else if (request == submitted) {
      submitted = new Request(request.command, 0, null);
      answer(request, unavailable("the catalog's log did not answer in time", true), 0);
    } else if (inProgress.remove(request)) {
      answer(request, unavailable("recorded, but not yet stored by every queue", true), 0);
    }
    return this;
  }

  private void submitNext() {
    if (core != null && feed != null && submitted == null && !waiting.isEmpty()) {
      submitted = waiting.remove();
      core.tell(new FencedLog.Submit<>(submitted.command, coreAnswers));
    }
  }

  private Behavior<Command> onStartCore() {
    ActorRef<FencedLog.Request<CatalogLog.Command, CatalogLog.Result>> started =
        getContext()
            .spawnAnonymous(
                CatalogLog.create(settings.ownership(), settings.topicDefaults(), clock));
    getContext().watchWith(started, new CoreStopped());
    core = started;
    return onTryLoad();
  }

  private Behavior<Command> onTryLoad() {
    if (core != null && !isLoading) {
      isLoading = true;
      core.tell(new FencedLog.Submit<>(new CatalogLog.Load(), coreAnswers));
    }
    return this;
  }

  private Behavior<Command> onCoreStopped() {
    coreFailureCount++;
    core = null;
    isLoading = false;
    Duration delay = settings.backoff(coreFailureCount);
    getContext().getLog().warn("catalog log stopped, starting it again in {}", delay);
    timers.startSingleTimer(new StartCore(), delay);
    loseTrust("the catalog's log failed, the change may be recorded");
    return this;
  }

  /** The outcome of what was submitted is unknown: nothing is decided before it is read back. */
  private void loseTrust(String detail) {
    Request request = submitted;
    submitted = null;
    feed = null;
    if (request != null) {
      answer(request, unavailable(detail, true), 0);
    }
  }

  private Behavior<Command> onCoreAnswered(CoreAnswered answered) {
    FencedLog.Answer<CatalogLog.Result> answer = answered.answer();
    if (isLoading) {
      onLoadAnswered(answer);
    } else if (answer instanceof FencedLog.Done<CatalogLog.Result> done) {
      onDone(done.result());
    } else if (answer instanceof FencedLog.Stale<CatalogLog.Result> stale && stale.mayBeStored()) {
      loseTrust("this node lost the catalog while it stored the change");
      onTryLoad();
    } else {
      onRefusedByFence();
    }
    submitNext();
    return this;
  }

  private void onLoadAnswered(FencedLog.Answer<CatalogLog.Result> answer) {
    isLoading = false;
    if (answer instanceof FencedLog.Done<CatalogLog.Result> done
        && done.result() instanceof CatalogLog.Loaded loaded) {
      coreFailureCount = 0;
      CatalogFeed fresh = new CatalogFeed(loaded.state(), settings.maxRemovals());
      feed = fresh;
      steps.onLoaded(fresh.state().snapshot());
      steps.completedTasks().forEach(task -> record(task));
      callQueues();
      views.forEach((view, progress) -> push(view, progress, fresh));
      settleInProgress(fresh);
      return;
    }
    timers.startSingleTimer(new TryLoad(), settings.backoff(1));
  }

  /**
   * Nothing was stored. Others wait until this node owns the catalog again, or their time is up.
   */
  private void onRefusedByFence() {
    Request request = submitted;
    submitted = null;
    feed = null;
    timers.startSingleTimer(new TryLoad(), settings.backoff(1));
    if (request != null) {
      answer(request, unavailable("this node does not own the catalog now", false), 0);
    }
  }

  private void onDone(CatalogLog.Result result) {
    Request request = submitted;
    CatalogFeed current = feed;
    submitted = null;
    if (request == null || current == null) {
      return;
    }
    if (result instanceof CatalogLog.Refused refused) {
      answer(request, refused.reply(), 0);
    } else if (result instanceof CatalogLog.Checked) {
      answer(request, null, current.state().version());
    } else if (result instanceof CatalogLog.Unchanged unchanged) {
      proceed(request, unchanged.topicUid(), unchanged.subscriptionUid(), current);
    } else if (result instanceof CatalogLog.Stored stored) {
      onStored(request, stored, current);
    }
  }

  private void onStored(Request request, CatalogLog.Stored stored, CatalogFeed current) {
    CatalogEvent event = stored.event();
    current.onStored(event);
    request.isCreating |=
        event instanceof CatalogEvent.TopicCreated
            || event instanceof CatalogEvent.SubscriptionCreated;
    steps.onTopic(event.topicUid(), current.state().snapshot().topic(event.topicUid()));
    callQueues();
    views.forEach((view, progress) -> push(view, progress, current));
    if (stored.isLast()) {
      proceed(request, event.topicUid(), event.subscriptionUid(), current);
      settleInProgress(current);
    } else {
      waiting.addFirst(request);
    }
  }

  private void proceed(Request request, long topicUid, long subscriptionUid, CatalogFeed current) {
    request.topicUid = topicUid;
    request.subscriptionUid = subscriptionUid;
    if (request.replyTo != null) {
      inProgress.add(request);
      settleInProgress(current);
    }
  }

  private void settleInProgress(CatalogFeed current) {
    CatalogState state = current.state();
    for (Iterator<Request> all = inProgress.iterator(); all.hasNext(); ) {
      Request request = all.next();
      CatalogClient.Reply reply =
          CatalogReplies.of(
              request.command,
              request.isCreating,
              state.snapshot().topic(request.topicUid),
              request.subscriptionUid);
      if (reply != null) {
        all.remove();
        answer(request, reply, state.version());
      }
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
      record(completed.task());
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

  /** Recording goes first: somebody waits for it, and it ends work instead of adding to it. */
  private void record(CatalogSteps.Task task) {
    CatalogLog.RecordStep step = task.whenDone();
    boolean isWaiting =
        (submitted != null && step.equals(submitted.command))
            || waiting.stream().anyMatch(request -> step.equals(request.command));
    if (!isWaiting) {
      waiting.addFirst(new Request(step, 0, null));
    }
  }

  private Behavior<Command> onWatch(Watch watch) {
    View view = views.get(watch.replyTo());
    if (view == null) {
      if (views.size() >= settings.maxViews()) {
        getContext().getLog().warn("too many views, not serving {}", watch.replyTo());
        return this;
      }
      view = new View();
      views.put(watch.replyTo(), view);
      getContext().watchWith(watch.replyTo(), new ViewStopped(watch.replyTo()));
    }
    view.silentTicks = 0;
    view.sent = watch.since();
    view.base = watch.base();
    CatalogFeed current = feed;
    if (current != null) {
      push(watch.replyTo(), view, current);
    }
    return this;
  }

  private void push(ActorRef<CatalogPage> replyTo, View view, CatalogFeed current) {
    if (view.sent > current.state().version()) {
      return;
    }
    CatalogPage page = current.page(view.sent, view.base, settings.maxPageWeight());
    replyTo.tell(page);
    view.sent = page.to();
    view.base = page.isReset() ? page.version() : Math.max(view.base, page.to());
  }

  private Behavior<Command> onViewStopped(ViewStopped stopped) {
    views.remove(stopped.view());
    return this;
  }

  private Behavior<Command> onForgetViews() {
    for (Iterator<Map.Entry<ActorRef<CatalogPage>, View>> all = views.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<ActorRef<CatalogPage>, View> entry = all.next();
      if (++entry.getValue().silentTicks > settings.maxSilentSeconds()) {
        getContext().unwatch(entry.getKey());
        all.remove();
      }
    }
    return this;
  }

  private void answer(Request request, CatalogClient.@Nullable Reply reply, long version) {
    timers.cancel(request);
    if (request.replyTo != null) {
      request.replyTo.tell(new Answer(request.requestId, reply, version));
    }
  }

  private static CatalogClient.Unavailable unavailable(String detail, boolean isRecorded) {
    return new CatalogClient.Unavailable(detail, isRecorded);
  }
}
