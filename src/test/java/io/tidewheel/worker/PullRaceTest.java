package io.tidewheel.worker;

import static io.tidewheel.worker.ConsumerFixture.SUBSCRIPTION;
import static io.tidewheel.worker.ConsumerFixture.TOPIC;
import static io.tidewheel.worker.ConsumerFixture.delivery;
import static io.tidewheel.worker.ConsumerFixture.request;
import static io.tidewheel.worker.ConsumerFixture.subscription;
import static io.tidewheel.worker.ConsumerFixture.topic;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogReports;
import io.tidewheel.backlog.Boards;
import io.tidewheel.backlog.Claims;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.Subscription.Board.Presence;
import io.tidewheel.subscription.Subscription.Board.Row;
import io.tidewheel.subscription.WaitingPulls;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many pulls against queues that answer at once, late or never, with callers that give up: in the
 * end every message is where it is believed to be, with one caller or with its queue.
 */
class PullRaceTest {
  private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
  private static final int QUEUES = 4;
  private static final int STEPS = 1_000;

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private static <R> CompletionStage<R> nobodyAsks(
      long topicUid, int queue, Function<ActorRef<R>, Queue.Command> question, Duration timeout) {
    throw new AssertionError("only pulls are tested here");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void leavesNothingLeasedThatNobodyHas(long seed) {
    Random random = new Random(seed);
    ManualTime time = ManualTime.get(KIT.system());
    ActorRef<BacklogBoard.Command> board = KIT.spawn(BacklogBoard.create(Boards.alone()));
    BacklogReports reports = new BacklogReports(board, new Claims(() -> Instant.EPOCH));
    WaitingPulls waiting = new WaitingPulls();
    List<ActorRef<Event>> queues = new ArrayList<>();
    for (int queue = 0; queue < QUEUES; queue++) {
      queues.add(KIT.spawn(new PlayedQueue(queue, seed, reports, waiting).behavior()));
    }
    QueueRouter router =
        (topicUid, queue, command) -> queues.get(queue).tell(new Received(command));
    ActorRef<Workers.Command> workers = KIT.spawn(Workers.create(router, board, waiting, 50));
    Questions questions = new Questions(PullRaceTest::nobodyAsks, 1);
    NodeConsumer consumer =
        new NodeConsumer(
            workers, questions, questions, router, new Idleness(System::nanoTime), KIT.system());

    List<CompletableFuture<List<Delivery>>> pulls = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      ActorRef<Event> queue = queues.get(random.nextInt(QUEUES));
      if (step % 50 == 0) {
        // Rarely: the test kit lets the dispatchers run for 100 ms each time.
        time.timePasses(Duration.ofMillis(random.nextInt(1_500)));
      }
      switch (random.nextInt(5)) {
        case 0 -> queue.tell(new Published(1 + random.nextInt(5)));
        case 1, 2 ->
            pulls.add(
                consumer.pull(
                    topic(QUEUES),
                    subscription(),
                    request(
                        1 + random.nextInt(6), 40, Duration.ofMillis(random.nextInt(3) * 1_500L))));
        case 3 -> queue.tell(new AnswerLate());
        default -> {
          if (!pulls.isEmpty() && random.nextInt(4) == 0) {
            pulls.get(random.nextInt(pulls.size())).cancel(false);
          }
        }
      }
    }
    queues.forEach(queue -> queue.tell(new Calm()));
    TestProbe<Object> probe = KIT.createTestProbe();
    probe.awaitAssert(
        Duration.ofSeconds(20),
        () -> {
          time.timePasses(Duration.ofMillis(500));
          assertThat(pulls).allMatch(CompletableFuture::isDone);
          return 0;
        });

    Set<Receipt> held = new HashSet<>();
    for (CompletableFuture<List<Delivery>> pull : pulls) {
      if (!pull.isCompletedExceptionally()) {
        pull.join().forEach(given -> assertThat(held.add(given.receipt())).isTrue());
      }
    }
    assertThat(held).isNotEmpty();
    probe.awaitAssert(
        Duration.ofSeconds(20),
        () -> {
          assertThat(leased(queues)).isEqualTo(held);
          return 0;
        });
  }

  private static Set<Receipt> leased(List<ActorRef<Event>> queues) {
    Set<Receipt> leased = new HashSet<>();
    for (ActorRef<Event> queue : queues) {
      TestProbe<Set<Receipt>> probe = KIT.createTestProbe();
      queue.tell(new AskLeased(probe.getRef()));
      leased.addAll(probe.receiveMessage());
    }
    return leased;
  }

  private sealed interface Event {}

  private record Received(Queue.Command command) implements Event {}

  private record Published(int count) implements Event {}

  /** Answer one of the pulls that were held back. */
  private record AnswerLate() implements Event {}

  /** Answer everything from now on, also what was held back. */
  private record Calm() implements Event {}

  private record AskLeased(ActorRef<Set<Receipt>> replyTo) implements Event {}

  /** A queue with its subscription, as far as a worker can see it. */
  private static final class PlayedQueue {
    private final int queue;
    private final Random random;
    private final BacklogReports reports;
    private final WaitingPulls waiting;
    private final TreeSet<Long> ready = new TreeSet<>();
    private final Set<Receipt> leased = new HashSet<>();
    private final List<Runnable> late = new ArrayList<>();
    private long nextOffset;
    private boolean isCalm;

    PlayedQueue(int queue, long seed, BacklogReports reports, WaitingPulls waiting) {
      this.waiting = waiting;
      this.queue = queue;
      this.random = new Random(31 * seed + queue);
      this.reports = reports;
    }

    Behavior<Event> behavior() {
      return Behaviors.receive(Event.class)
          .onMessage(Received.class, event -> onReceived(event.command()))
          .onMessage(Published.class, event -> onPublished(event.count()))
          .onMessage(AnswerLate.class, event -> onAnswerLate())
          .onMessage(Calm.class, event -> onCalm())
          .onMessage(AskLeased.class, event -> onAskLeased(event.replyTo()))
          .build();
    }

    private Behavior<Event> onReceived(Queue.Command command) {
      if (command instanceof Queue.ToReader toReader) {
        if (toReader.command() instanceof Subscription.Pull pull) {
          onPull(pull, isCalm ? 9 : random.nextInt(10));
        } else if (toReader.command() instanceof Subscription.Settle settle) {
          settle.receipts().forEach(receipt -> assertThat(leased.remove(receipt)).isTrue());
          settle.receipts().forEach(receipt -> ready.add(receipt.offset()));
        }
      }
      return report();
    }

    private void onPull(Subscription.Pull pull, int fate) {
      if (fate == 0) {
        return;
      }
      List<Delivery> given = new ArrayList<>();
      while (given.size() < pull.max()
          && !ready.isEmpty()
          && (given.isEmpty() || 10 * given.size() + 10 <= pull.maxBytes())) {
        given.add(delivery(queue, ready.pollFirst(), 10));
      }
      given.forEach(delivery -> leased.add(delivery.receipt()));
      Subscription.Pulled pulled = new Subscription.Pulled(pull.call(), given, ready.size());
      if (fate <= 3) {
        late.add(() -> pull.replyTo().tell(pulled));
      } else {
        pull.replyTo().tell(pulled);
      }
    }

    private Behavior<Event> onPublished(int count) {
      for (int i = 0; i < count; i++) {
        ready.add(nextOffset++);
      }
      while (!ready.isEmpty() && waiting.isAny(SUBSCRIPTION)) {
        Subscription.Pull pull = waiting.take(SUBSCRIPTION);
        if (pull != null) {
          onPull(pull, isCalm ? 9 : 1 + random.nextInt(9));
        }
      }
      return report();
    }

    private Behavior<Event> onAnswerLate() {
      if (!late.isEmpty()) {
        late.remove(random.nextInt(late.size())).run();
      }
      return Behaviors.same();
    }

    private Behavior<Event> onCalm() {
      isCalm = true;
      late.forEach(Runnable::run);
      late.clear();
      return Behaviors.same();
    }

    private Behavior<Event> onAskLeased(ActorRef<Set<Receipt>> replyTo) {
      replyTo.tell(Set.copyOf(leased));
      return Behaviors.same();
    }

    private Behavior<Event> report() {
      long oldestAt = ready.isEmpty() ? 0 : 1 + ready.first();
      reports.report(
          new Row(
              TOPIC,
              SUBSCRIPTION,
              queue,
              1,
              ready.size(),
              ready.size(),
              0,
              oldestAt,
              Presence.AWAKE));
      return Behaviors.same();
    }
  }
}
