package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.journal.Fence;
import io.tidewheel.queue.Inspector.QueueStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Asks the readers of a queue how they are, for one answer; leaves out who is silent for a second.
 * Without the fence nothing is answered: the figures may be those of a queue that lives elsewhere.
 */
final class QueueDescription {
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  private QueueDescription() {}

  private sealed interface Command {}

  private record Described(Reader.Status status) implements Command {}

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

  static Behavior<?> create(Figures figures, Fence fence, ActorRef<QueueStatus> replyTo) {
    return Behaviors.<Command>setup(
        context -> {
          ActorRef<Reader.Status> adapter =
              context.messageAdapter(Reader.Status.class, Described::new);
          figures.readers().forEach(reader -> reader.tell(new Reader.Describe(adapter)));
          return Behaviors.withTimers(
              timers -> {
                timers.startSingleTimer(new TimeIsOver(), TIMEOUT);
                return collect(
                    figures,
                    new ArrayList<>(),
                    status -> {
                      if (fence.isHeld()) {
                        replyTo.tell(status);
                      }
                    });
              });
        });
  }

  private static Behavior<Command> collect(
      Figures figures, List<Reader.Status> collected, Consumer<QueueStatus> answer) {
    if (collected.size() == figures.readers().size()) {
      answer.accept(status(figures, collected));
      return Behaviors.stopped();
    }
    return Behaviors.receive(Command.class)
        .onMessage(
            Described.class,
            described -> {
              collected.add(described.status());
              return collect(figures, collected, answer);
            })
        .onMessage(
            TimeIsOver.class,
            over -> {
              answer.accept(status(figures, collected));
              return Behaviors.stopped();
            })
        .build();
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
