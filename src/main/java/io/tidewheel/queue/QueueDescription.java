package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import io.tidewheel.queue.Inspector.QueueStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Asks the readers of a queue how they are, for one answer; leaves out who is silent for a second,
 * and waits as long for who does not know its state yet: its figures would be those of a reader
 * that has settled nothing.
 */
final class QueueDescription {
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** Before readers are asked again of which one does not know its state yet. */
  private static final Duration PAUSE = Duration.ofMillis(50);

  private sealed interface Command {}

  private record Described(Reader.Status status) implements Command {}

  private record AskAgain() implements Command {}

  private record TimeIsOver() implements Command {}

  private final TimerScheduler<Command> timers;
  private final List<ActorRef<Reader.Command>> readers;
  private final ActorRef<QueueStatus> asker;
  private final ActorRef<Queue.Command> queue;
  private final ActorRef<Reader.Status> described;
  private final Map<Long, Reader.Status> collected = new TreeMap<>();

  private QueueDescription(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      List<ActorRef<Reader.Command>> readers,
      ActorRef<QueueStatus> asker,
      ActorRef<Queue.Command> queue) {
    this.timers = timers;
    this.readers = readers;
    this.asker = asker;
    this.queue = queue;
    this.described = context.messageAdapter(Reader.Status.class, Described::new);
  }

  /**
   * Asks once.
   *
   * @param asker whom the queue is to answer
   * @param queue is told what came
   */
  static Behavior<?> create(
      List<ActorRef<Reader.Command>> readers,
      ActorRef<QueueStatus> asker,
      ActorRef<Queue.Command> queue) {
    return Behaviors.<Command>setup(
        context ->
            Behaviors.withTimers(
                timers -> new QueueDescription(context, timers, readers, asker, queue).begin()));
  }

  private Behavior<Command> begin() {
    timers.startSingleTimer(new TimeIsOver(), TIMEOUT);
    ask();
    return isDone() ? answer() : collect();
  }

  private void ask() {
    readers.forEach(reader -> reader.tell(new Reader.Describe(described)));
  }

  private boolean isDone() {
    return collected.size() == readers.size()
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
    queue.tell(new Queue.Described(List.copyOf(collected.values()), asker));
    return Behaviors.stopped();
  }
}
