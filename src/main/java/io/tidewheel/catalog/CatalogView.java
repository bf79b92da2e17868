package io.tidewheel.catalog;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A node's view of the catalog: keeps a snapshot for everybody on the node and passes changes on.
 * One per node.
 *
 * <ol>
 *   <li>A snapshot is published whole or not at all, and its version only grows.
 *   <li>A change is answered after the published snapshot includes it.
 *   <li>It asks again every second: what was lost on the way, or with a moved catalog, heals.
 * </ol>
 */
public final class CatalogView extends AbstractBehavior<CatalogView.Command> {
  private static final Duration REPEAT_INTERVAL = Duration.ofSeconds(1);

  /** The question is sent again at each repeat, so the catalog need not keep an old one. */
  private static final Duration QUESTION_TIMEOUT = Duration.ofSeconds(5);

  /** Requests of one node that may be open; the catalog refuses earlier. */
  private static final int MAX_REQUESTS = 10_000;

  /** What a view takes. */
  public sealed interface Command {}

  record Change(
      CatalogChange change, Duration timeout, CompletableFuture<CatalogClient.Reply> promise)
      implements Command {}

  record Refresh(Duration timeout, CompletableFuture<CatalogSnapshot> promise) implements Command {}

  private record PageReceived(CatalogPage page) implements Command {}

  private record AnswerReceived(Catalog.Answer answer) implements Command {}

  private record RequestExpired(long requestId) implements Command {}

  private record RefreshExpired(Refresh refresh) implements Command {}

  private record Repeat() implements Command {}

  private static final class Request {
    private final CompletableFuture<CatalogClient.Reply> promise;
    private CatalogClient.@Nullable Reply reply;
    private long version;

    Request(CompletableFuture<CatalogClient.Reply> promise) {
      this.promise = promise;
    }
  }

  private final TimerScheduler<Command> timers;
  private final ActorRef<Catalog.Command> catalog;
  private final PublishedCatalog published;
  private final Executor executor;
  private final ActorRef<CatalogPage> pages;
  private final ActorRef<Catalog.Answer> answers;
  private final Map<Long, Request> requests = new LinkedHashMap<>();
  private List<Refresh> asked = new ArrayList<>();
  private List<Refresh> askedNext = new ArrayList<>();
  private CatalogSnapshot loading;
  private long base;
  private long askedRequestId;
  private long askedVersion;
  private long nextRequestId = 1;

  private CatalogView(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ActorRef<Catalog.Command> catalog,
      PublishedCatalog published) {
    super(context);
    this.timers = timers;
    this.catalog = catalog;
    this.published = published;
    this.loading = published.get();
    this.base = loading.version();
    this.executor = context.getSystem().executionContext();
    this.pages = context.messageAdapter(CatalogPage.class, PageReceived::new);
    this.answers = context.messageAdapter(Catalog.Answer.class, AnswerReceived::new);
  }

  /**
   * The actor behind {@link #client}.
   *
   * @param catalog the catalog or its proxy
   * @param published where the snapshots go
   */
  public static Behavior<Command> create(
      ActorRef<Catalog.Command> catalog, PublishedCatalog published) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  CatalogView view = new CatalogView(context, timers, catalog, published);
                  timers.startTimerWithFixedDelay(new Repeat(), REPEAT_INTERVAL);
                  view.watch();
                  return view;
                }));
  }

  /** The catalog for the rest of the node, on top of a view and its snapshots. */
  public static CatalogClient client(ActorRef<Command> view, PublishedCatalog published) {
    return new ViewClient(view, published);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Change.class, this::onChange)
        .onMessage(Refresh.class, this::onRefresh)
        .onMessage(PageReceived.class, this::onPageReceived)
        .onMessage(AnswerReceived.class, this::onAnswerReceived)
        .onMessage(RequestExpired.class, this::onRequestExpired)
        .onMessage(RefreshExpired.class, this::onRefreshExpired)
        .onMessage(Repeat.class, repeat -> onRepeat())
        .onSignal(PostStop.class, stop -> onPostStop())
        .build();
  }

  private Behavior<Command> onChange(Change change) {
    if (requests.size() >= MAX_REQUESTS) {
      complete(change.promise(), unavailable("too many changes at once", false));
      return this;
    }
    long requestId = nextRequestId++;
    requests.put(requestId, new Request(change.promise()));
    timers.startSingleTimer(requestId, new RequestExpired(requestId), change.timeout());
    catalog.tell(new Catalog.Execute(requestId, change.change(), change.timeout(), answers));
    return this;
  }

  private Behavior<Command> onRequestExpired(RequestExpired expired) {
    Request request = requests.remove(expired.requestId());
    if (request != null) {
      complete(request.promise, unavailable("the catalog did not answer in time", true));
    }
    return this;
  }

  private Behavior<Command> onRefresh(Refresh refresh) {
    if (asked.size() + askedNext.size() >= MAX_REQUESTS) {
      fail(refresh, "too many questions at once");
      return this;
    }
    timers.startSingleTimer(refresh, new RefreshExpired(refresh), refresh.timeout());
    askedNext.add(refresh);
    askVersion();
    return this;
  }

  /** One question at a time; who asks while it is out needs the answer to the next one. */
  private void askVersion() {
    if (asked.isEmpty() && !askedNext.isEmpty()) {
      List<Refresh> next = asked;
      asked = askedNext;
      askedNext = next;
      askedRequestId = nextRequestId++;
      askedVersion = Long.MAX_VALUE;
      sendQuestion();
    }
  }

  private void sendQuestion() {
    catalog.tell(new Catalog.AskVersion(askedRequestId, QUESTION_TIMEOUT, answers));
  }

  private Behavior<Command> onRefreshExpired(RefreshExpired expired) {
    if (asked.remove(expired.refresh()) || askedNext.remove(expired.refresh())) {
      fail(expired.refresh(), "the catalog did not answer in time");
      askVersion();
    }
    return this;
  }

  private Behavior<Command> onAnswerReceived(AnswerReceived received) {
    Catalog.Answer answer = received.answer();
    Request request = requests.get(answer.requestId());
    if (request != null && answer.reply() != null) {
      request.reply = answer.reply();
      request.version = answer.version();
    } else if (answer.requestId() == askedRequestId && answer.reply() == null) {
      askedVersion = answer.version();
    } else if (answer.requestId() == askedRequestId) {
      asked.forEach(refresh -> fail(refresh, "the catalog is not available"));
      asked.clear();
      askVersion();
    }
    if (answer.version() > loading.version()) {
      watch();
    }
    settle();
    return this;
  }

  private Behavior<Command> onPageReceived(PageReceived received) {
    CatalogPage page = received.page();
    if (page.isReset()) {
      loading = CatalogSnapshot.EMPTY;
      base = page.version();
    } else if (page.from() > loading.version()) {
      watch();
      return this;
    } else if (page.to() < loading.version()) {
      return this;
    }
    CatalogSnapshot changed = loading;
    for (long uid : page.removedUids()) {
      changed = changed.without(uid);
    }
    for (Topic topic : page.topics()) {
      changed = changed.with(topic);
    }
    loading = changed.at(page.to());
    if (page.isComplete()) {
      base = loading.version();
      published.set(loading);
      settle();
    } else {
      watch();
    }
    return this;
  }

  private void settle() {
    long version = published.get().version();
    for (Iterator<Map.Entry<Long, Request>> all = requests.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Long, Request> entry = all.next();
      Request request = entry.getValue();
      CatalogClient.Reply reply = request.reply;
      if (reply != null && request.version <= version) {
        all.remove();
        timers.cancel(entry.getKey());
        complete(request.promise, reply);
      }
    }
    if (askedVersion <= version) {
      asked.forEach(refresh -> executor.execute(() -> refresh.promise().complete(published.get())));
      asked.clear();
      askVersion();
    }
  }

  private Behavior<Command> onRepeat() {
    watch();
    if (!asked.isEmpty() && askedVersion == Long.MAX_VALUE) {
      sendQuestion();
    }
    return this;
  }

  private void watch() {
    catalog.tell(new Catalog.Watch(loading.version(), base, pages));
  }

  private Behavior<Command> onPostStop() {
    requests
        .values()
        .forEach(request -> complete(request.promise, unavailable("the node stops", true)));
    asked.forEach(refresh -> fail(refresh, "the node stops"));
    askedNext.forEach(refresh -> fail(refresh, "the node stops"));
    return this;
  }

  private void complete(CompletableFuture<CatalogClient.Reply> promise, CatalogClient.Reply reply) {
    executor.execute(() -> promise.complete(reply));
  }

  private void fail(Refresh refresh, String detail) {
    timers.cancel(refresh);
    executor.execute(() -> refresh.promise().completeExceptionally(new TimeoutException(detail)));
  }

  private static CatalogClient.Unavailable unavailable(String detail, boolean isRecorded) {
    return new CatalogClient.Unavailable(detail, isRecorded);
  }
}
