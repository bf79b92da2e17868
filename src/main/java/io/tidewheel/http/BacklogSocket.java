package io.tidewheel.http;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Adapter;
import akka.http.javadsl.model.ws.Message;
import akka.http.javadsl.model.ws.TextMessage;
import akka.http.javadsl.model.ws.WebSocketUpgrade;
import akka.japi.Pair;
import akka.stream.Materializer;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.monitor.BacklogFilter;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Websockets on which clients watch the backlog, each with a {@link BacklogStream} or a {@link
 * SharedStream} behind it.
 */
final class BacklogSocket {
  /** Of a filter that a client sends. */
  private static final int MAX_TEXT_CHARS = 4_096;

  private final BacklogFeed.Parts feeds;
  private final Overviews overviews;
  private final FeedbackViews feedback;
  private final Membership membership;
  private final Materializer materializer;
  private final ActorSystem<?> system;
  private final AtomicLong count = new AtomicLong();
  private final Set<ActorRef<BacklogStream.Command>> open = ConcurrentHashMap.newKeySet();

  BacklogSocket(
      Broker broker, Overviews overviews, FeedbackViews feedback, Materializer materializer) {
    this.feeds = broker.feeds();
    this.overviews = overviews;
    this.feedback = feedback;
    this.membership = new Membership(broker);
    this.materializer = materializer;
    this.system = Adapter.toTyped(materializer.system());
  }

  CompletionStage<Answer> open(Call call) {
    WebSocketUpgrade upgrade =
        call.websocket()
            .orElseThrow(
                () ->
                    Problem.of(ProblemType.MALFORMED, "this path is for websockets only")
                        .toException());
    Behavior<BacklogStream.Command> stream = stream(call);
    return CompletableFuture.completedFuture(Answer.of(upgrade.handleMessagesWith(flow(stream))));
  }

  private Behavior<BacklogStream.Command> stream(Call call) {
    BacklogFilter filter = BacklogFilters.of(call);
    String view = call.query("view");
    if (view == null || view.equals("rows")) {
      return BacklogStream.create(feeds, membership, filter);
    }
    if (view.equals("overview") && filter.equals(BacklogFilter.EVERYTHING)) {
      return SharedStream.create(membership, overviews::frame);
    }
    if (view.equals("feedback") && filter.equals(BacklogFilter.EVERYTHING)) {
      return SharedStream.create(membership, feedback::frame);
    }
    throw Problem.of(
            ProblemType.MALFORMED,
            "view must be rows, overview or feedback, and only rows have a filter")
        .toException();
  }

  private Flow<Message, Message, NotUsed> flow(Behavior<BacklogStream.Command> behavior) {
    return Flow.fromMaterializer(
            (each, attributes) -> {
              ActorRef<BacklogStream.Command> stream =
                  system.systemActorOf(
                      behavior, "backlog-stream-" + count.incrementAndGet(), Props.empty());
              open.add(stream);
              return Flow.fromSinkAndSourceCoupled(fromClient(stream), toClient(stream))
                  .watchTermination(
                      (notUsed, done) -> {
                        CompletionStage<?> unused =
                            done.whenComplete((end, failure) -> closed(stream));
                        return notUsed;
                      });
            })
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }

  private void closed(ActorRef<BacklogStream.Command> stream) {
    open.remove(stream);
    stream.tell(new BacklogStream.Closed());
  }

  /** Ends all streams. */
  void stop() {
    open.forEach(stream -> stream.tell(new BacklogStream.Stop()));
  }

  private Sink<Message, NotUsed> fromClient(ActorRef<BacklogStream.Command> stream) {
    return Flow.of(Message.class).mapAsync(1, this::command).to(Sink.foreach(stream::tell));
  }

  private CompletionStage<BacklogStream.Command> command(Message message) {
    if (!message.isText()) {
      var unused = message.asBinaryMessage().getStreamedData().runWith(Sink.ignore(), materializer);
      return CompletableFuture.completedFuture(
          new BacklogStream.Wrong("a filter is text, not binary"));
    }
    TextMessage text = message.asTextMessage();
    if (text.isStrict() && text.getStrictText().length() <= MAX_TEXT_CHARS) {
      return CompletableFuture.completedFuture(new BacklogStream.Received(text.getStrictText()));
    }
    return text.getStreamedText()
        .limitWeighted(MAX_TEXT_CHARS, part -> (long) part.length())
        .runFold("", String::concat, materializer)
        .handle(
            (whole, failure) ->
                failure == null
                    ? new BacklogStream.Received(whole)
                    : new BacklogStream.Wrong(
                        "a filter has at most " + MAX_TEXT_CHARS + " characters"));
  }

  /** One frame after the other, each made when the client can take it. */
  private static Source<Message, NotUsed> toClient(ActorRef<BacklogStream.Command> stream) {
    return Source.unfoldAsync(
        stream,
        same -> {
          CompletableFuture<Optional<String>> frame = new CompletableFuture<>();
          same.tell(new BacklogStream.Next(frame));
          return frame.thenApply(
              text -> text.map(one -> Pair.create(same, (Message) TextMessage.create(one))));
        });
  }
}
