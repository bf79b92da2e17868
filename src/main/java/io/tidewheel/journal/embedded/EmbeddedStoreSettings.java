package io.tidewheel.journal.embedded;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.util.Locale;

/**
 * Settings of the embedded store, read once from {@code tidewheel.journal.embedded}; what each key
 * means is said beside it in {@code reference.conf}.
 *
 * @param recovery what to do when acknowledged writes are missing from the log
 * @param maxPendingBytes bound on bytes that wait for the writer
 * @param maxPendingWrites bound on writes that wait for the writer
 * @param maxDrainBytes how much one write to the log takes together
 * @param maxRowBytes largest row
 * @param maxConcurrentReads reads and replays that run or wait
 * @param maxInlineBytes events above this size are in the log only, and the index points there
 * @param segmentBytes size of a file of the log, whole MiB
 * @param memtableBytes size of one of the two memtables of the index of events
 * @param blockCacheBytes size of the block cache
 * @param maxReplayBytes log after which a checkpoint is taken, so that a start replays little more
 * @param reclaimAfterBytes trimmed bytes after which space is reclaimed
 * @param cachedActors persistent actors whose highest sequence number is kept in memory
 * @param unsafeAnswerBeforeFlush answers writes before they are flushed; shows that the crash
 *     checker finds lost writes, and nothing else
 */
public record EmbeddedStoreSettings(
    Recovery recovery,
    long maxPendingBytes,
    int maxPendingWrites,
    int maxDrainBytes,
    int maxRowBytes,
    int maxConcurrentReads,
    int maxInlineBytes,
    long segmentBytes,
    long memtableBytes,
    long blockCacheBytes,
    long maxReplayBytes,
    long reclaimAfterBytes,
    int cachedActors,
    boolean unsafeAnswerBeforeFlush) {

  /** What opening a store does when acknowledged writes are missing. */
  public enum Recovery {
    /** Refuses, and says what is missing. */
    STRICT,
    /** Opens with what is left, and logs what is missing. */
    ACCEPT_LOSS
  }

  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;
  private static final long GIB = 1024 * MIB;

  /**
   * Reads the block {@code tidewheel.journal.embedded}.
   *
   * @throws ConfigException naming the key, the value and what was expected
   */
  public static EmbeddedStoreSettings from(Config config) {
    int maxRowBytes = (int) bytes(config, "max-row-size", 64 * KIB, 64 * MIB);
    long maxPendingBytes = bytes(config, "max-pending-size", MIB, GIB);
    if (maxPendingBytes < maxRowBytes) {
      throw bad(config, "max-pending-size", "at least max-row-size");
    }
    return new EmbeddedStoreSettings(
        recovery(config),
        maxPendingBytes,
        (int) number(config, "max-pending-writes", 16, 1_000_000),
        (int) bytes(config, "max-drain-size", 64 * KIB, 64 * MIB),
        maxRowBytes,
        (int) number(config, "max-concurrent-reads", 1, 100_000),
        (int) bytes(config, "max-inline-size", 0, MIB),
        bytes(config, "segment-size", MIB, GIB) / MIB * MIB,
        bytes(config, "memtable-size", MIB, GIB),
        bytes(config, "block-cache-size", MIB, 64 * GIB),
        bytes(config, "max-replay-size", MIB, 64 * GIB),
        bytes(config, "reclaim-after", MIB, 1024 * GIB),
        (int) number(config, "cached-actors", 1, 10_000_000),
        config.getBoolean("unsafe-answer-before-flush"));
  }

  /** The same settings with another answer to lost writes. */
  public EmbeddedStoreSettings withRecovery(Recovery other) {
    return new EmbeddedStoreSettings(
        other,
        maxPendingBytes,
        maxPendingWrites,
        maxDrainBytes,
        maxRowBytes,
        maxConcurrentReads,
        maxInlineBytes,
        segmentBytes,
        memtableBytes,
        blockCacheBytes,
        maxReplayBytes,
        reclaimAfterBytes,
        cachedActors,
        unsafeAnswerBeforeFlush);
  }

  private static Recovery recovery(Config config) {
    return switch (config.getString("recovery").toLowerCase(Locale.ROOT)) {
      case "strict" -> Recovery.STRICT;
      case "accept-loss" -> Recovery.ACCEPT_LOSS;
      default -> throw bad(config, "recovery", "strict or accept-loss");
    };
  }

  private static long bytes(Config config, String key, long min, long max) {
    long value = config.getBytes(key);
    if (value < min || value > max) {
      throw bad(config, key, "a size from " + min + " to " + max + " bytes");
    }
    return value;
  }

  private static long number(Config config, String key, long min, long max) {
    long value = config.getLong(key);
    if (value < min || value > max) {
      throw bad(config, key, "a number from " + min + " to " + max);
    }
    return value;
  }

  private static ConfigException bad(Config config, String key, String expected) {
    return new ConfigException.BadValue(
        config.getValue(key).origin(),
        "tidewheel.journal.embedded." + key,
        "was '" + config.getValue(key).unwrapped() + "', expected " + expected);
  }
}
