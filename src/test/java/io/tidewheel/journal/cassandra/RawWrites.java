package io.tidewheel.journal.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * What Cassandra's driver alone does: rows of a size, so many at a time or at a rate, each written
 * by a majority and flushed before it counts. Beside it stands what a broker does with the same
 * bytes ({@code bin/store-speed}).
 *
 * <p>Arguments: host, port, rows at a time, bytes of a row, rows a second (0: as many as go),
 * seconds. The first third of the time is not counted.
 */
public final class RawWrites {
  private static final int LOGS = 12;
  private static final int ROWS_TO_A_PARTITION = 1_000;

  private RawWrites() {}

  /** Runs it. */
  public static void main(String[] arguments) throws InterruptedException {
    int atATime = Integer.parseInt(arguments[2]);
    byte[] bytes = new byte[Integer.parseInt(arguments[3])];
    new SplittableRandom(1).nextBytes(bytes);
    double rate = Double.parseDouble(arguments[4]);
    long seconds = Long.parseLong(arguments[5]);
    DriverConfigLoader config =
        DriverConfigLoader.programmaticBuilder()
            .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(30))
            .withString(DefaultDriverOption.REQUEST_CONSISTENCY, "QUORUM")
            .build();
    try (CqlSession session =
        CqlSession.builder()
            .addContactPoint(new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1])))
            .withLocalDatacenter("datacenter1")
            .withConfigLoader(config)
            .build()) {
      session.execute(
          "CREATE KEYSPACE IF NOT EXISTS raw WITH replication ="
              + " {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}");
      session.execute(
          "CREATE TABLE IF NOT EXISTS raw.log (log int, part bigint, number bigint, event blob,"
              + " PRIMARY KEY ((log, part), number))");
      PreparedStatement insert =
          session.prepare("INSERT INTO raw.log (log, part, number, event) VALUES (?, ?, ?, ?)");
      write(session, insert, ByteBuffer.wrap(bytes), atATime, rate, seconds);
      session.execute("DROP KEYSPACE raw");
    }
  }

  private static void write(
      CqlSession session,
      PreparedStatement insert,
      ByteBuffer event,
      int atATime,
      double rate,
      long seconds)
      throws InterruptedException {
    Semaphore free = new Semaphore(atATime);
    ConcurrentHistogram nanos = new ConcurrentHistogram(3);
    AtomicLong failed = new AtomicLong();
    long begun = System.nanoTime();
    long counted = begun + TimeUnit.SECONDS.toNanos(seconds) / 3;
    long end = begun + TimeUnit.SECONDS.toNanos(seconds);
    for (long row = 0; System.nanoTime() - end < 0; row++) {
      long due = rate > 0 ? begun + (long) (row * 1e9 / rate) : System.nanoTime();
      long early = due - System.nanoTime();
      if (early > 0) {
        TimeUnit.NANOSECONDS.sleep(early);
      }
      free.acquire();
      long sent = rate > 0 ? due : System.nanoTime();
      long number = row / LOGS;
      var unused =
          session
              .executeAsync(
                  insert.bind(
                      (int) (row % LOGS), number / ROWS_TO_A_PARTITION, number, event.duplicate()))
              .whenComplete(
                  (done, failure) -> {
                    free.release();
                    if (failure != null) {
                      failed.incrementAndGet();
                    } else if (sent - counted >= 0) {
                      nanos.recordValue(System.nanoTime() - sent);
                    }
                  });
    }
    free.acquire(atATime);
    System.out.printf(
        "%,.0f rows/s, %.1f MB/s, p50 %.1f ms, p99 %.1f ms, %d failed%n",
        nanos.getTotalCount() / (seconds * 2 / 3.0),
        nanos.getTotalCount() * (double) event.remaining() / (seconds * 2 / 3.0) / 1e6,
        nanos.getValueAtPercentile(50) / 1e6,
        nanos.getValueAtPercentile(99) / 1e6,
        failed.get());
  }
}
