package io.tidewheel.crash;

import io.tidewheel.client.Delivery;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.TidewheelClient;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A worker in a process of its own, which a poisonous message ends at once. */
public final class PoisonWorker {
  /** What a message that ends the process begins with. */
  static final String POISON = "poison";

  /** How the process says that a message has ended it. */
  static final int POISONED = 7;

  private static final int AT_A_TIME = 4;
  private static final int IN_HAND = 20;
  private static final long HANDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private PoisonWorker() {}

  /** Handles until it is ended, or nobody needs it any more: its input has an end. */
  public static void main(String[] arguments) throws IOException {
    try (TidewheelClient client = TidewheelClient.builder().endpoints(arguments[0]).build()) {
      client
          .worker(PoisonRun.TOPIC, PoisonRun.SUBSCRIPTION)
          .concurrency(AT_A_TIME)
          .maxInHand(IN_HAND)
          .handler(PoisonWorker::handle)
          .start();
      while (System.in.read() >= 0) {
        // Nothing is said to it.
      }
    }
  }

  private static Outcome handle(Delivery delivery) {
    if (delivery.text().startsWith(POISON)) {
      System.out.println(delivery.text());
      System.out.flush();
      Runtime.getRuntime().halt(POISONED);
    }
    LockSupport.parkNanos(HANDLE_NANOS);
    return Outcome.ack();
  }
}
