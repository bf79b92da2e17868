package io.tidewheel.journal.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * How many bytes a second the store flushes. Arguments: directory, actors, writes under way per
 * actor, event size in KiB, seconds, settings. Each actor writes its next event when an earlier one
 * has been answered.
 */
public final class EmbeddedStoreBenchmark {
  private final EmbeddedStore store;
  private final int eventBytes;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private volatile boolean isStopped;

  private EmbeddedStoreBenchmark(EmbeddedStore store, int eventBytes) {
    this.store = store;
    this.eventBytes = eventBytes;
  }

  public static void main(String[] args) throws Exception {
    Path directory = Files.createTempDirectory(Path.of(args[0]), "store");
    int actors = Integer.parseInt(args[1]);
    int underWay = Integer.parseInt(args[2]);
    int eventBytes = Integer.parseInt(args[3]) * 1024;
    int seconds = Integer.parseInt(args[4]);
    String settings = args.length > 5 ? args[5] : "";
    try (EmbeddedStore store = StoreFixture.open(directory, settings)) {
      new EmbeddedStoreBenchmark(store, eventBytes).run(actors, underWay, seconds);
    }
  }

  private void run(int actors, int underWay, int seconds) {
    byte[] payload = StoreFixture.payload(1, eventBytes);
    for (int i = 0; i < actors; i++) {
      Writer writer = new Writer("queue-" + i, payload);
      for (int w = 0; w < underWay; w++) {
        writer.next();
      }
    }
    Duration cpuBefore = cpu();
    long start = System.nanoTime();
    StringBuilder perSecond = new StringBuilder();
    long before = 0;
    for (int second = 1; second <= seconds; second++) {
      long until = start + second * 1_000_000_000L;
      while (System.nanoTime() < until) {
        LockSupport.parkNanos(until - System.nanoTime());
      }
      long now = answered.get();
      perSecond.append((now - before) * eventBytes / 1_000_000).append(' ');
      before = now;
    }
    isStopped = true;
    System.out.printf(
        Locale.ROOT,
        "%d actors x %d under way, %d KiB: %.0f MB/s, %.0f events/s, %.1f events a flush, failed"
            + " %d, CPU %.2f ms/MB; MB/s by second: %s%n",
        actors,
        underWay,
        eventBytes / 1024,
        before * (double) eventBytes / seconds / 1e6,
        before / (double) seconds,
        before / (double) store.stats().flushCount(),
        failed.get(),
        cpu().minus(cpuBefore).toNanos() / (before * (double) eventBytes),
        perSecond);
  }

  private static Duration cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private final class Writer {
    private final String persistenceId;
    private final byte[] payload;
    private final AtomicLong last = new AtomicLong();

    Writer(String persistenceId, byte[] payload) {
      this.persistenceId = persistenceId;
      this.payload = payload;
    }

    synchronized void next() {
      long seqNr = last.incrementAndGet();
      var unused =
          store
              .append(
                  persistenceId,
                  seqNr - 1,
                  List.of(StoreFixture.row(persistenceId, seqNr, payload)))
              .whenCompleteAsync(
                  (done, failure) -> {
                    if (failure != null) {
                      failed.incrementAndGet();
                    } else {
                      answered.incrementAndGet();
                      if (!isStopped) {
                        next();
                      }
                    }
                  });
    }
  }
}
