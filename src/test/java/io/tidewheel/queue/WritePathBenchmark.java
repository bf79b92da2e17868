package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.journal.Fence;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.FencedLog.Ownership;
import io.tidewheel.journal.embedded.EmbeddedRowReader;
import io.tidewheel.message.Message;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * The write path without HTTP: callers in this process publish to one queue, each waits for its
 * answer before it publishes again. Everything is stored and flushed by the embedded store.
 *
 * <p>Arguments: outstanding callers, payload bytes, seconds, directory.
 */
public final class WritePathBenchmark {
  private WritePathBenchmark() {}

  public static void main(String[] args) throws Exception {
    int callers = Integer.parseInt(args[0]);
    int payloadBytes = Integer.parseInt(args[1]);
    int seconds = Integer.parseInt(args[2]);
    Path directory = Files.createTempDirectory(Path.of(args[3]), "write-path-");
    Config config =
        ConfigFactory.parseMap(
                Map.of(
                    "tidewheel.journal.embedded.directory",
                    directory.toString(),
                    "akka.actor.provider",
                    "local",
                    "akka.loglevel",
                    "WARNING"))
            .withFallback(ConfigFactory.parseResources("tidewheel-akka.conf"))
            .withFallback(ConfigFactory.defaultReference())
            .resolve();
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "bench", config);
    Topic topic = new Topic(1, "bench", 1, 0, TopicSettings.defaults(1), false, Map.of());
    Queue.Dependencies node =
        new Queue.Dependencies(
            new Ownership("bench", Fence.ALWAYS, new CheckpointPolicy(16 << 20, 1_000)),
            InstantSource.system(),
            System::nanoTime,
            () -> CatalogSnapshot.EMPTY,
            new EmbeddedRowReader(system),
            new TailCache(32 << 20),
            context -> Behaviors.empty(),
            16 << 20,
            () -> false,
            QueueIdle.DEFAULT);
    ActorRef<Queue.Command> queue =
        system.systemActorOf(Queue.create(1, 0, node), "queue", Props.empty());
    Publisher publisher =
        new NodePublisher(
            system,
            (topicUid, number, command) -> queue.tell(command),
            new ByteBudget(64 << 20),
            new Random(1),
            System::nanoTime);
    byte[] payload = new byte[payloadBytes];
    new SplittableRandom(1).nextBytes(payload);

    AtomicLong confirmed = new AtomicLong();
    AtomicLong refused = new AtomicLong();
    ConcurrentHistogram latencies = new ConcurrentHistogram(TimeUnit.SECONDS.toMicros(60), 3);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    Thread[] starters = new Thread[1];
    starters[0] =
        new Thread(
            () -> {
              for (int i = 0; i < callers; i++) {
                new Caller(publisher, topic, payload, end, confirmed, refused, latencies).next();
              }
            });
    starters[0].start();
    long before = 0;
    long cpuAtHalf = 0;
    long confirmedAtHalf = 0;
    for (int second = 1; second <= seconds; second++) {
      TimeUnit.SECONDS.sleep(1);
      long now = confirmed.get();
      System.out.printf("%2d s  %,d messages/s%n", second, now - before);
      before = now;
      if (second == seconds / 2) {
        latencies.reset();
        cpuAtHalf = processCpuNanos();
        confirmedAtHalf = confirmed.get();
      }
    }
    double cpuMicros =
        (processCpuNanos() - cpuAtHalf) / 1e3 / Math.max(1, confirmed.get() - confirmedAtHalf);
    System.out.printf(
        "second half: %,d messages/s, %.1f us of CPU per message%n",
        (confirmed.get() - confirmedAtHalf) / (seconds - seconds / 2), cpuMicros);
    System.out.printf(
        "%d callers, %d bytes: %,d messages/s over %d s, refused %d, p50 %d us, p99 %d us%n",
        callers,
        payloadBytes,
        confirmed.get() / seconds,
        seconds,
        refused.get(),
        latencies.getValueAtPercentile(50),
        latencies.getValueAtPercentile(99));
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static long processCpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** Publishes one message at a time. */
  @SuppressWarnings("ArrayRecordComponent") // one array, shared and never changed
  private record Caller(
      Publisher publisher,
      Topic topic,
      byte[] payload,
      long endNanos,
      AtomicLong confirmed,
      AtomicLong refused,
      ConcurrentHistogram latencies) {
    void next() {
      long start = System.nanoTime();
      if (start > endNanos) {
        return;
      }
      publisher
          .publish(topic, List.of(Message.of(payload)), Duration.ofSeconds(30))
          .whenComplete(
              (results, failure) -> {
                boolean isStored = results.get(0) instanceof PublishResult.Stored;
                (isStored ? confirmed : refused).incrementAndGet();
                latencies.recordValue((System.nanoTime() - start) / 1_000);
                next();
              });
    }
  }
}
