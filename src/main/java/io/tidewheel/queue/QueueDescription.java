package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.journal.Fence;
import io.tidewheel.queue.Inspector.QueueStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Asks the readers of a queue how they are, for one answer; leaves out who is silent for a second,
 * and waits as long for who does not know its state yet: its figures would be those of a reader
 * that has settled nothing. Without the fence nothing is answered: the figures may be those of a
 * queue that lives elsewhere.
 */
final class QueueDescription {
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** Before readers are asked again of which one does not know its state yet. */
  private static final Duration PAUSE = Duration.ofMillis(50);

  private sealed interface Command {}

  private record Described(Reader.Status status) implements Command {}

  private record AskAgain() implements Command {}

  private record TimeIsOver() implements Command {}

  /** What the queue itself knows. */
  record Figures(
      int queue,
      String node,
      long startOffset,
      long nextOffset,
      long bytes,
      long pinnedBy,
      long pinnedBytes,
      long checksum,
      List<ActorRef<Reader.Command>> readers) {}

  private final TimerScheduler<Command> timers;
  private final Figures figures;
  private final Consumer<QueueStatus> answer;
  private final ActorRef<Reader.Status> described;
  private final Map<Long, Reader.Status> collected = new LinkedHashMap<>();

  private QueueDescription(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Figures figures,
      Consumer<QueueStatus> answer) {
    this.timers = timers;
    this.figures = figures;
    this.answer = answer;
    this.described = context.messageAdapter(Reader.Status.class, Described::new);
  }

  static Behavior<?> create(Figures figures, Fence fence, ActorRef<QueueStatus> replyTo) {
    Consumer<QueueStatus> answer =
        status -> {
          if (fence.isHeld()) {
            replyTo.tell(status);
          }
        };
    return Behaviors.<Command>setup(
        context ->
            Behaviors.withTimers(
                timers -> new QueueDescription(context, timers, figures, answer).begin()));
  }

  private Behavior<Command> begin() {
    timers.startSingleTimer(new TimeIsOver(), TIMEOUT);
    ask();
    return isDone() ? answer() : collect();
  }

  private void ask() {
    figures.readers().forEach(reader -> reader.tell(new Reader.Describe(described)));
  }

  private boolean isDone() {
    return collected.size() == figures.readers().size()
        && collected.values().stream().noneMatch(Reader.Status::isRecovering);
  }

  private Behavior<Command> collect() {
    return Behaviors.receive(Command.class)
        .onMessage(Described.class, message -> onDescribed(message.status()))
        .onMessage(AskAgain.class, message -> onAskAgain())
        .onMessage(TimeIsOver.class, message -> answer())
        .build();
  }

  private Behavior<Command> onDescribed(Reader.Status status) {
    collected.put(status.subscriptionUid(), status);
    if (isDone()) {
      return answer();
    }
    if (status.isRecovering() && !timers.isTimerActive(new AskAgain())) {
      timers.startSingleTimer(new AskAgain(), PAUSE);
    }
    return Behaviors.same();
  }

  private Behavior<Command> onAskAgain() {
    ask();
    return Behaviors.same();
  }

  private Behavior<Command> answer() {
    answer.accept(status(figures, List.copyOf(collected.values())));
    return Behaviors.stopped();
  }

  private static QueueStatus status(Figures figures, List<Reader.Status> readers) {
    return new QueueStatus(
        figures.queue(),
        figures.node(),
        figures.startOffset(),
        figures.nextOffset(),
        figures.bytes(),
        figures.pinnedBy(),
        figures.pinnedBytes(),
        figures.checksum(),
        readers);
  }
}
