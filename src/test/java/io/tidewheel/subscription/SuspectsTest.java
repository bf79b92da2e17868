package io.tidewheel.subscription;

import static io.tidewheel.subscription.Fixture.free;
import static io.tidewheel.subscription.Fixture.keyed;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that end the worker that handles them. */
class SuspectsTest {
  private static final Policy POLICY =
      new Policy(Settings.maxAttempts(SubscriptionSettings.DEFAULTS, 3), true);
  private static final Now NOW = new Now(1_000_000, 1_000_000);

  private final Queue queue = new Queue(1);

  @Test
  void whatAWorkerHeldIsGivenOutAgainWithoutOthersAndCostsNothing() {
    queue.publish(free("a"), free("b"), free("c"));
    queue.pull("first", 2);
    queue.end("first");
    assertThat(texts(queue.pull("other", 9))).containsExactly("a:1:suspect");
    assertThat(texts(queue.pull("another", 9))).containsExactly("b:1:suspect");
    assertThat(texts(queue.pull("third", 9))).containsExactly("c:1");
  }

  @Test
  void aSuspectThatEndsItsWorkerIsChargedForBoth() {
    queue.publish(free("a"), free("b"));
    queue.pull("first", 2);
    queue.end("first");
    queue.pull("second", 9);
    queue.end("second");
    assertThat(texts(queue.pull("third", 9))).containsExactly("a:3:suspect");
    queue.end("third");
    assertThat(queue.dead).containsExactly(0L);
    assertThat(texts(queue.pull("fourth", 9))).containsExactly("b:1:suspect");
  }

  @Test
  void whatIsHeldBesideASuspectIsSuspectInTurn() {
    queue.publish(free("a"), free("b"), free("c"));
    queue.pull("first", 1);
    queue.pull("second", 1);
    queue.end("first");
    assertThat(texts(queue.pull("second", 9))).containsExactly("a:2:suspect");
    queue.end("second");
    assertThat(texts(queue.pull("third", 9))).containsExactly("a:3:suspect");
    assertThat(texts(queue.pull("third", 9))).containsExactly("b:1:suspect");
  }

  @Test
  void theOnlyOneIsChargedAtOnce() {
    queue.publish(free("a"));
    queue.pull("first", 9);
    queue.end("first");
    assertThat(texts(queue.pull("second", 9))).containsExactly("a:2:suspect");
  }

  @Test
  void aSuspectThatIsNackedIsNoneAnyMore() {
    queue.publish(free("a"), free("b"));
    queue.pull("first", 9);
    queue.end("first");
    Delivery suspect = queue.pull("second", 9).get(0);
    queue.settle(new SettleAction.Nack(Duration.ZERO, "no"), suspect);
    assertThat(texts(queue.pull("third", 1))).containsExactly("a:2");
  }

  @Test
  void thoseOfAKeyComeInOrderEachWithoutOthers() {
    queue.publish(keyed("k", "a"), keyed("k", "b"), free("c"));
    queue.pull("first", 2);
    queue.end("first");
    Delivery first = queue.pull("second", 9).get(0);
    assertThat(texts(List.of(first))).containsExactly("a:1:suspect");
    assertThat(texts(queue.pull("third", 9))).containsExactly("c:1");
    queue.settle(new SettleAction.Ack(), first);
    assertThat(texts(queue.pull("fourth", 9))).containsExactly("b:1:suspect");
  }

  @Test
  void theAckOfAWorkerThatWasTakenForDeadCounts() {
    queue.publish(free("a"), free("b"));
    List<Delivery> held = queue.pull("first", 9);
    queue.end("first");
    assertThat(queue.settle(new SettleAction.Ack(), held.get(0))).isEqualTo(SettleStatus.ACKED);
    assertThat(texts(queue.pull("second", 9))).containsExactly("b:1:suspect");
  }

  /**
   * One message in 10,000 ends the worker that begins with it, of 16 workers that hold 20 each and
   * stop pulling while they hold a suspect.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void endsThreeWorkersAtMostAndNoInnocentIsADeadLetter(long seed) {
    Random random = new Random(seed);
    List<Queue> queues = IntStream.range(0, 4).mapToObj(Queue::new).toList();
    int each = 10_000;
    for (Queue one : queues) {
      List<Message> messages = new ArrayList<>();
      for (int i = 0; i < each; i++) {
        messages.add(free(random.nextInt(10_000) == 0 ? "poison" : "fine"));
      }
      one.publish(messages.toArray(Message[]::new));
    }
    Map<String, Integer> deaths = new HashMap<>();
    List<Crew> crew = IntStream.range(0, 16).mapToObj(Crew::new).toList();
    for (int turn = 0; turn < 60_000 && queues.stream().anyMatch(Queue::isOpen); turn++) {
      Crew worker = crew.get(random.nextInt(crew.size()));
      worker.pull(queues, random);
      worker.handleOne(queues, random, deaths);
    }
    assertThat(queues).noneMatch(Queue::isOpen);
    assertThat(deaths).as("seed %d", seed).isNotEmpty();
    assertThat(deaths.values()).allMatch(count -> count <= 3);
    for (Queue one : queues) {
      assertThat(one.dead).allMatch(one::isPoison);
      assertThat(one.dead).hasSize((int) one.poisonCount());
    }
  }

  private static List<String> texts(List<Delivery> deliveries) {
    return deliveries.stream()
        .map(
            each ->
                Fixture.text(each) + ":" + each.attempt() + (each.isSuspect() ? ":suspect" : ""))
        .toList();
  }

  /** A worker that is started again when it has ended. */
  private static final class Crew {
    private final int number;
    private final List<Delivery> hand = new ArrayList<>();
    private int life;

    private Crew(int number) {
      this.number = number;
    }

    private String name() {
      return number + "/" + life;
    }

    private void pull(List<Queue> queues, Random random) {
      int from = random.nextInt(queues.size());
      for (int i = 0; i < queues.size() && hand.stream().noneMatch(Delivery::isSuspect); i++) {
        if (hand.size() < 20) {
          Queue queue = queues.get((from + i) % queues.size());
          hand.addAll(queue.pull(name(), 20 - hand.size()));
        }
      }
    }

    private void handleOne(List<Queue> queues, Random random, Map<String, Integer> deaths) {
      if (hand.isEmpty()) {
        return;
      }
      Delivery next = hand.remove(random.nextInt(hand.size()));
      Receipt receipt = next.receipt();
      if (Fixture.text(next).equals("poison")) {
        deaths.merge(receipt.queue() + "/" + receipt.offset(), 1, Integer::sum);
        queues.forEach(queue -> queue.end(name()));
        hand.clear();
        life++;
      } else {
        queues.get(receipt.queue()).settle(new SettleAction.Ack(), next);
      }
    }
  }

  private static final class Queue {
    private final SubscriptionState core = SubscriptionState.opened(0);
    private final Deliveries deliveries;
    private final List<Long> dead = new ArrayList<>();
    private List<Message> messages = List.of();

    private Queue(int number) {
      deliveries =
          new Deliveries(
              70, number, core.copy(), 0, new WindowBudget(64 << 20, 64 << 20), new Random(number));
    }

    private void publish(Message... some) {
      messages = List.of(some);
      MessageBatch batch = new MessageBatch(1, 0, 1, messages);
      deliveries.extendTo(batch.endOffset());
      deliveries.read(0, List.of(batch), POLICY, NOW);
    }

    private List<Delivery> pull(String worker, int max) {
      return deliveries.pull(
          new Deliveries.Request(max, 1 << 20, 0, WorkerName.NONE, worker, Settings.TALLY, 1),
          POLICY,
          NOW);
    }

    private void end(String worker) {
      assertThat(deliveries.endLeasesOf(worker, POLICY, NOW)).isTrue();
      store();
    }

    private SettleStatus settle(SettleAction action, Delivery delivery) {
      SettleStatus status =
          deliveries.settle(action, List.of(delivery.receipt()), new boolean[1], POLICY, NOW)[0];
      store();
      return status;
    }

    private void store() {
      Settled write = deliveries.nextWrite(NOW, true);
      if (write != null) {
        Settled admitted = SubscriptionLog.admit(core, write);
        admitted.dying().stream().map(Dying::offset).forEach(dead::add);
        core.apply(admitted);
        deliveries.onStored(admitted, POLICY, NOW);
      }
    }

    private boolean isOpen() {
      return deliveries.whereabouts().backlog() > dead.size() || deliveries.window().outCount() > 0;
    }

    @Override
    public String toString() {
      return deliveries.whereabouts().backlog()
          + " open, "
          + deliveries.window().outCount()
          + " out, dead "
          + dead;
    }

    private boolean isPoison(long offset) {
      return new String(messages.get((int) offset).payload(), StandardCharsets.UTF_8)
          .equals("poison");
    }

    private long poisonCount() {
      return IntStream.range(0, messages.size()).filter(this::isPoison).count();
    }
  }
}
