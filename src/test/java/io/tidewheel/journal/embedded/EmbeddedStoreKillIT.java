package io.tidewheel.journal.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that writes, and compares what it had been answered with what is there. */
class EmbeddedStoreKillIT {
  private static final int ACTORS = 4;
  private static final long TRIM_EVERY = 300;
  private static final long KEPT = 40;
  private static final String UNSAFE = "unsafe-answer-before-flush = on";

  @TempDir Path temp;

  /** Writes until it is killed, and prints each answer. */
  public static final class Victim {
    private Victim() {}

    public static void main(String[] args) {
      try (EmbeddedStore store = StoreFixture.open(Path.of(args[0]), args[1])) {
        long[] last = new long[ACTORS];
        for (int i = 0; i < ACTORS; i++) {
          last[i] = store.highestSeqNr("actor-" + i);
        }
        for (int turn = 0; turn < Integer.MAX_VALUE; turn++) {
          int i = turn % ACTORS;
          String actor = "actor-" + i;
          long next = last[i] + 1;
          byte[] payload = StoreFixture.payload(next, 200 + turn % 5_000);
          store.append(actor, last[i], List.of(StoreFixture.row(actor, next, payload))).join();
          last[i] = next;
          if (next % TRIM_EVERY == 0 && i > 0) {
            long to = next - KEPT;
            store.trim(actor, to, store.estimateBytes(actor, to)).join();
          }
          System.out.println(i + " " + next);
        }
      }
    }
  }

  @Test
  void losesNothingThatWasAnswered() throws Exception {
    for (int round = 1; round <= 5; round++) {
      assertThat(lostIn(temp, "", 150 * round)).isZero();
    }
  }

  @Test
  void losesNothingWhileCheckpointsAreTakenAndFilesUsedAgain() throws Exception {
    String settings =
        "segment-size = 1 MiB, max-replay-size = 1 MiB, reclaim-after = 1 MiB, memtable-size = 1 MiB";
    for (int round = 1; round <= 4; round++) {
      assertThat(lostIn(temp, settings, 2_000 + 777 * round)).isZero();
    }
  }

  @Test
  void losesAnswersThatWereGivenBeforeTheFlush() throws Exception {
    // Shows that the comparison above would notice.
    assertThat(lostIn(temp, UNSAFE, 2_000)).isPositive();
  }

  /** Kills after some answers; counts the answered rows that are not there afterwards. */
  private static long lostIn(Path data, String settings, int answers) throws Exception {
    Map<Integer, Long> answered = killedAfter(data, settings, answers);
    if (settings.equals(UNSAFE)) {
      cutUnflushed(data);
    }
    long lost = 0;
    try (EmbeddedStore store = StoreFixture.open(data)) {
      for (Map.Entry<Integer, Long> actor : answered.entrySet()) {
        List<Long> stored = StoreFixture.numbers(store, "actor-" + actor.getKey());
        long first = stored.isEmpty() ? 1 : stored.get(0);
        long last = stored.isEmpty() ? 0 : stored.get(stored.size() - 1);
        assertThat(stored).isEqualTo(fromTo(first, last));
        lost += Math.max(0, actor.getValue() - last);
      }
    }
    return lost;
  }

  private static List<Long> fromTo(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  /** As a power failure does: the page cache outlives the process. */
  private static void cutUnflushed(Path data) throws IOException {
    List<CommitMark.LogLength> logs = CommitMark.open(data, false).position().logs();
    long flushed = logs.isEmpty() ? 0 : logs.get(logs.size() - 1).bytes();
    try (FileChannel log =
        FileChannel.open(StoreFixture.newestLog(data), StandardOpenOption.WRITE)) {
      log.truncate(flushed);
    }
  }

  private static Map<Integer, Long> killedAfter(Path data, String settings, int answers)
      throws IOException, InterruptedException {
    Process victim =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                data.toString(),
                settings)
            .redirectErrorStream(true)
            .start();
    Map<Integer, Long> answered = new HashMap<>();
    int count = 0;
    try (BufferedReader lines = victim.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ", -1);
        if (words.length == 2 && words[0].matches("\\d")) {
          answered.put(Integer.parseInt(words[0]), Long.parseLong(words[1]));
          count++;
          if (count == answers) {
            // Of the handle: that of the process would close its output, with answers in it.
            assertThat(victim.toHandle().destroyForcibly()).isTrue();
          }
        }
      }
    } finally {
      victim.destroyForcibly();
    }
    assertThat(victim.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(count).isGreaterThanOrEqualTo(answers);
    return answered;
  }
}
