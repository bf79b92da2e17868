package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.message.Message;
import io.tidewheel.queue.MessageBatch;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * How fast one subscription decides, without actors and store: messages come in batches of 500, go
 * out in pulls of 100 and are acked pull by pull; every write is "stored" at once. One round warms
 * up, the second counts. Not a test; run its main.
 */
public final class DeliveriesBenchmark {
  private static final int BATCH = 500;
  private static final int PULL = 100;
  private static final Policy POLICY =
      new Policy(Settings.maxInFlight(SubscriptionSettings.DEFAULTS, 1_000_000), true);

  private DeliveriesBenchmark() {}

  /** Takes the number of messages; a million if there is none. */
  public static void main(String[] args) {
    int count = args.length == 0 ? 1_000_000 : Integer.parseInt(args[0]);
    for (int keys : new int[] {0, 1_000, 10, 1}) {
      for (int held : new int[] {0, 50}) {
        measure(keys, held, count);
        report(keys, held, count, measure(keys, held, count));
      }
    }
  }

  private static void report(int keys, int held, int count, long[] nanos) {
    System.out.printf(
        Locale.ROOT,
        "%,d keys, %d pulls held: %,d messages/s, %.2f us CPU/message%n",
        keys,
        held,
        count * 1_000_000_000L / nanos[0],
        nanos[1] / 1_000.0 / count);
  }

  /**
   * Nanoseconds of time and of CPU.
   *
   * @param held pulls that are out while the next is made
   */
  private static long[] measure(int keys, int held, int count) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Message[] messages = messages(keys);
    Deliveries deliveries =
        new Deliveries(
            70,
            0,
            SubscriptionState.opened(0),
            0,
            new WindowBudget(8 << 20, 8 << 20),
            new Random(1));
    List<List<Delivery>> out = new ArrayList<>();
    long cpu = threads.getCurrentThreadCpuTime();
    long begin = System.nanoTime();
    long settled = 0;
    long end = 0;
    while (settled < count) {
      Now now = new Now(1_700_000_000_000L, System.nanoTime() - begin);
      while (end < count
          && deliveries.window().cursor() == end
          && deliveries.window().size() < 10_000) {
        MessageBatch batch = batch(messages, end);
        end = batch.endOffset();
        deliveries.extendTo(end);
        deliveries.read(batch, POLICY, now);
      }
      List<Delivery> given =
          deliveries.pull(
              new Deliveries.Request(PULL, 4 << 20, 0, WorkerName.NONE, null, Settings.TALLY, 1),
              POLICY,
              now);
      if (!given.isEmpty()) {
        out.add(given);
      }
      if (out.size() > held || given.isEmpty()) {
        settled += settle(deliveries, out.remove(0), now);
      }
      deliveries.expire(POLICY, now);
    }
    return new long[] {System.nanoTime() - begin, threads.getCurrentThreadCpuTime() - cpu};
  }

  private static int settle(Deliveries deliveries, List<Delivery> given, Now now) {
    boolean[] isPending = new boolean[given.size()];
    deliveries.settle(
        new SettleAction.Ack(),
        given.stream().map(Delivery::receipt).toList(),
        isPending,
        POLICY,
        now);
    deliveries.onStored(deliveries.nextWrite(now, true), POLICY, now);
    return given.size();
  }

  private static Message[] messages(int keys) {
    Message[] messages = new Message[10_007];
    for (int i = 0; i < messages.length; i++) {
      Message message = Message.of(new byte[100]);
      messages[i] = keys == 0 ? message : message.withKey("key-" + i % keys);
    }
    return messages;
  }

  private static MessageBatch batch(Message[] messages, long first) {
    List<Message> batch = new ArrayList<>(BATCH);
    for (int i = 0; i < BATCH; i++) {
      batch.add(messages[(int) ((first + i) % messages.length)]);
    }
    return new MessageBatch(1 + first / BATCH, first, 1_700_000_000_000L, batch);
  }
}
