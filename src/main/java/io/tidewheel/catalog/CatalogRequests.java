package io.tidewheel.catalog;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.catalog.CatalogClient.Unavailable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The open requests of the catalog: those that wait for the core, the one it has, and those that
 * are recorded and wait for queues. Bounded; each is answered once, at the latest when its time is
 * over. Part of the catalog's actor.
 */
final class CatalogRequests {
  /** Something the core has to decide; equal only to itself. */
  static final class Request {
    private final CatalogLog.Command command;
    private final long requestId;
    private @Nullable ActorRef<Catalog.Answer> replyTo;
    private boolean isCreating;
    private long topicUid;
    private long subscriptionUid;

    Request(
        CatalogLog.Command command, long requestId, @Nullable ActorRef<Catalog.Answer> replyTo) {
      this.command = command;
      this.requestId = requestId;
      this.replyTo = replyTo;
    }

    CatalogLog.Command command() {
      return command;
    }
  }

  /** Requests that are stored together; keeps the event far below a frame between nodes. */
  private static final int MAX_GROUP = 64;

  private final TimerScheduler<Catalog.Command> timers;
  private final int max;
  private final Deque<Request> waiting = new ArrayDeque<>();
  private final List<Request> inProgress = new ArrayList<>();
  private List<Request> submitted = List.of();

  CatalogRequests(TimerScheduler<Catalog.Command> timers, int max) {
    this.timers = timers;
    this.max = max;
  }

  /** Takes a request, or refuses it when too many are open. */
  void accept(Request request, Duration timeLeft) {
    if (waiting.size() + inProgress.size() >= max) {
      answer(request, new Unavailable("the catalog has too many requests waiting", false), 0);
      return;
    }
    timers.startSingleTimer(request, new Catalog.RequestExpired(request), timeLeft);
    waiting.add(request);
  }

  void onExpired(Request request) {
    if (waiting.remove(request)) {
      String detail = "the catalog did not get to it in time";
      answer(request, new Unavailable(detail, request.isCreating), 0);
    } else if (submitted.contains(request)) {
      answer(request, new Unavailable("the catalog's log did not answer in time", true), 0);
    } else if (inProgress.remove(request)) {
      answer(request, new Unavailable("recorded, but not yet stored by every queue", true), 0);
    }
  }

  /** Recording goes first: somebody waits for it, and it ends work instead of adding to it. */
  void record(CatalogLog.RecordStep step) {
    boolean isWaiting =
        submitted.stream().anyMatch(request -> step.equals(request.command))
            || waiting.stream().anyMatch(request -> step.equals(request.command));
    if (!isWaiting) {
      waiting.addFirst(new Request(step, 0, null));
    }
  }

  boolean isAnyWaiting() {
    return !waiting.isEmpty();
  }

  /**
   * The next for the core: one request, or as many as are stored together. They come back by {@link
   * #takeSubmitted}.
   */
  CatalogLog.Command submitNext() {
    List<Request> taken = new ArrayList<>();
    taken.add(waiting.remove());
    while (isGroupable(taken.get(0))
        && taken.size() < MAX_GROUP
        && !waiting.isEmpty()
        && isGroupable(waiting.getFirst())) {
      taken.add(waiting.remove());
    }
    submitted = taken;
    return taken.size() == 1
        ? taken.get(0).command
        : new CatalogLog.Several(taken.stream().map(Request::command).toList());
  }

  /** Whether one event is all that the request can need. */
  private static boolean isGroupable(Request request) {
    CatalogLog.Command command = request.command;
    return command instanceof CatalogLog.RecordStep
        || command instanceof CatalogChange.PutTopic
        || command instanceof CatalogChange.EnsureTopic
        || command instanceof CatalogChange.PutSubscription
        || command instanceof CatalogChange.EnsureSubscription;
  }

  /** The requests that the core had, in order. */
  List<Request> takeSubmitted() {
    List<Request> taken = submitted;
    submitted = List.of();
    return taken;
  }

  /** The core has more to store for a request: it goes on with the next event. */
  void putBack(Request request) {
    waiting.addFirst(request);
  }

  void onStored(Request request, CatalogEvent event) {
    request.isCreating |=
        event instanceof CatalogEvent.TopicCreated
            || event instanceof CatalogEvent.SubscriptionCreated;
  }

  /** Everything the request asks of the core is recorded; queues may still have to do theirs. */
  void onRecorded(Request request, long topicUid, long subscriptionUid, CatalogState state) {
    request.topicUid = topicUid;
    request.subscriptionUid = subscriptionUid;
    if (request.replyTo != null) {
      inProgress.add(request);
      settle(state);
    }
  }

  /** Answers what queues have done by now. */
  void settle(CatalogState state) {
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

  /** Answers, unless it is answered already or nobody waits. */
  void answer(Request request, CatalogClient.@Nullable Reply reply, long version) {
    timers.cancel(request);
    ActorRef<Catalog.Answer> replyTo = request.replyTo;
    request.replyTo = null;
    if (replyTo != null) {
      replyTo.tell(new Catalog.Answer(request.requestId, reply, version));
    }
  }
}
