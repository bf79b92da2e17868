package io.tidewheel.session;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import io.tidewheel.message.NamePattern;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.monitor.BacklogFilter;
import io.tidewheel.session.frame.Frame;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a session is told of the backlog. Part of its actor.
 *
 * <p>A feed is asked for more only while there is room for what waits for the client: one that
 * reads slowly is told less often, and only how things are then.
 */
final class SessionWatches {
  /** Of the hundred that may watch the board of a node. */
  static final int MAX_WATCHES = 4;

  /** Longer than the longest name; each is held, and looked for in what changes. */
  private static final int MAX_CHARS = 1_000;

  private final ActorContext<Session.Command> context;
  private final BacklogFeed.Parts feeds;
  private final Outbound outbound;
  private final Refusals refusals;
  private final Map<Integer, Watched> byRef = new HashMap<>();

  private static final class Watched {
    private final int ref;
    private final ActorRef<BacklogFeed.Command> feed;
    private boolean isAsked;

    private Watched(int ref, ActorRef<BacklogFeed.Command> feed) {
      this.ref = ref;
      this.feed = feed;
    }
  }

  /** What comes back to the session for its watches. */
  sealed interface Event extends Session.Command {}

  private record Told(Watched watched, BacklogFeed.News news) implements Event {}

  private record Ended(Watched watched) implements Event {}

  SessionWatches(
      ActorContext<Session.Command> context,
      BacklogFeed.Parts feeds,
      Outbound outbound,
      Refusals refusals) {
    this.context = context;
    this.feeds = feeds;
    this.outbound = outbound;
    this.refusals = refusals;
  }

  int size() {
    return byRef.size();
  }

  boolean has(int ref) {
    return byRef.containsKey(ref);
  }

  /** Begins one, whose reference is new. */
  void watch(Frame.Watch asked) {
    refusals.forget(asked.ref());
    BacklogFilter filter;
    try {
      filter =
          new BacklogFilter(
              NamePattern.of("topic", asked.topic()),
              NamePattern.of("subscription", asked.subscription()),
              asked.node(),
              asked.min());
      requireShort(asked.topic(), asked.subscription(), asked.node());
    } catch (IllegalArgumentException e) {
      refuse(asked.ref(), "malformed", String.valueOf(e.getMessage()), false);
      return;
    }
    if (byRef.size() >= MAX_WATCHES) {
      refuse(asked.ref(), "over-limit", "more than " + MAX_WATCHES + " watches", false);
      return;
    }
    Watched watched =
        new Watched(asked.ref(), context.spawnAnonymous(BacklogFeed.create(feeds, filter)));
    context.watchWith(watched.feed, new Ended(watched));
    byRef.put(asked.ref(), watched);
    ask(watched);
  }

  private static void requireShort(@Nullable String... texts) {
    for (String text : texts) {
      if (text != null && text.length() > MAX_CHARS) {
        throw new IllegalArgumentException(
            "a name or pattern has at most " + MAX_CHARS + " characters");
      }
    }
  }

  private void refuse(int ref, String type, String detail, boolean isRetryable) {
    refusals.refuse(ref, new Frame.Failure(type, detail, isRetryable, false));
  }

  private void ask(Watched watched) {
    if (!watched.isAsked && !outbound.isCongested()) {
      watched.isAsked = true;
      CompletableFuture<BacklogFeed.News> news = new CompletableFuture<>();
      context.pipeToSelf(news, (told, failure) -> new Told(watched, told));
      watched.feed.tell(new BacklogFeed.Next(news));
    }
  }

  void onEvent(Event event) {
    if (event instanceof Told told && byRef.get(told.watched().ref) == told.watched()) {
      onTold(told.watched(), told.news());
    } else if (event instanceof Ended ended && byRef.remove(ended.watched().ref, ended.watched())) {
      refuse(ended.watched().ref, "unavailable", "the backlog of this node is not known", true);
    }
  }

  private void onTold(Watched watched, BacklogFeed.News news) {
    watched.isAsked = false;
    if (news instanceof BacklogFeed.Update update) {
      outbound.add(BacklogFrames.of(watched.ref, update));
      ask(watched);
    } else {
      end(watched.ref);
      refuse(watched.ref, "over-limit", "too many watch the backlog of this node", true);
    }
  }

  /** There is room again. */
  void pull() {
    byRef.values().forEach(this::ask);
  }

  /** Nothing more is told of one; false if there is none. */
  boolean end(int ref) {
    @Nullable Watched watched = byRef.remove(ref);
    if (watched != null) {
      context.stop(watched.feed);
    }
    return watched != null;
  }

  void end() {
    byRef.values().forEach(watched -> context.stop(watched.feed));
    byRef.clear();
  }
}
