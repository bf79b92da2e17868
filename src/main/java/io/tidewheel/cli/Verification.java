package io.tidewheel.cli;

import io.tidewheel.journal.LogAudit;
import io.tidewheel.journal.LogEvent;
import io.tidewheel.journal.LogRow;
import io.tidewheel.journal.LogState;
import io.tidewheel.journal.embedded.StoreCheck;
import io.tidewheel.queue.QueueAudit;
import io.tidewheel.queue.QueueEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;

/** Checks all that a data directory holds, and counts it. */
final class Verification {
  /** More findings than these are only counted. */
  static final int MAX_FINDINGS = 1_000;

  private static final long SHOW_NANOS = 250_000_000;

  private final StoreCheck store;
  private final LogAudit audit;
  private final Terminal terminal;
  private final ProgressLine progress;
  private final List<String> findings = new ArrayList<>();
  private long findingCount;
  private long logBytes;
  private long rowCount;
  private long rowBytes;
  private long snapshotCount;
  private long messageCount;
  private int logCount;
  private long shownNanos;

  Verification(Terminal terminal, StoreCheck store, LogAudit audit) {
    this.terminal = terminal;
    this.store = store;
    this.audit = audit;
    this.progress = new ProgressLine(terminal);
    this.shownNanos = terminal.nanoTime().getAsLong();
  }

  void run() {
    long total = Math.max(1, store.logBytes());
    store.scanLog(
        this::found,
        bytes -> {
          logBytes += bytes;
          show("log: %,d MiB".formatted(logBytes >> 20), logBytes >> 20, logBytes / (double) total);
        });
    store.scanIndex(this::found);
    SortedSet<String> ids = store.persistenceIds();
    for (String id : ids) {
      new OneLog(id, ids.size()).check();
      logCount++;
    }
    progress.clear();
  }

  List<String> findings() {
    return findings;
  }

  /** Also of those that are not kept. */
  long findingCount() {
    return findingCount;
  }

  double seconds() {
    return progress.seconds();
  }

  /** Names and numbers of what was read, in the order in which they are shown. */
  Map<String, Long> counts() {
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("logBytes", logBytes);
    counts.put("logs", (long) logCount);
    counts.put("rows", rowCount);
    counts.put("rowBytes", rowBytes);
    counts.put("messages", messageCount);
    counts.put("snapshots", snapshotCount);
    return counts;
  }

  private void found(String what) {
    findingCount++;
    if (findings.size() < MAX_FINDINGS) {
      findings.add(what);
    }
  }

  private void show(String what, long count, double part) {
    long now = terminal.nanoTime().getAsLong();
    if (now - shownNanos >= SHOW_NANOS) {
      shownNanos = now;
      progress.show(what, count, part);
    }
  }

  /** The rows and snapshots of one persistent actor. */
  private final class OneLog implements StoreCheck.Visitor {
    private final String id;
    private final int all;
    private final LogAudit.Chain chain;
    private final QueueAudit queue;
    private final Map<Long, LogState<?>> snapshots = new HashMap<>();

    OneLog(String id, int all) {
      this.id = id;
      this.all = all;
      boolean isWhole = store.extent(id).trimmedTo() == 0;
      this.chain = new LogAudit.Chain(isWhole);
      this.queue = new QueueAudit(isWhole, what -> found(id + ": " + what));
    }

    void check() {
      store.visitSnapshots(id, new Snapshots());
      store.visitEvents(id, this);
      String end = chain.finish();
      if (end != null) {
        found(id + ": " + end);
      }
      messageCount += queue.messageCount();
    }

    @Override
    public void onRow(StoreCheck.Row stored) {
      rowCount++;
      rowBytes += stored.bytes();
      show(
          "rows: %,d of %,d logs: %d".formatted(rowCount, all, logCount),
          rowCount,
          logCount / (double) all);
      if (stored.serializerId() != LogAudit.SERIALIZER_ID) {
        return;
      }
      LogRow<LogEvent> row;
      try {
        row = audit.row(stored.manifest(), stored.payload());
      } catch (RuntimeException e) {
        // Whatever it is that the bytes cannot be read with, they cannot be read.
        found("stored row %d of %s cannot be read: %s".formatted(stored.seqNr(), id, e));
        restart();
        return;
      }
      String broken = chain.accept(stored.seqNr(), row);
      if (broken != null) {
        found(id + ": " + broken);
      }
      if (row instanceof LogRow.Entry<LogEvent> entry
          && entry.event() instanceof QueueEvent event) {
        queue.accept(event);
      }
      LogState<?> snapshot = snapshots.remove(stored.seqNr());
      if (snapshot != null) {
        queue.compare(snapshot);
      }
    }

    @Override
    public void onDamage(String what) {
      found(what);
      restart();
    }

    private void restart() {
      chain.restart();
      queue.restart();
    }

    private final class Snapshots implements StoreCheck.Visitor {
      @Override
      public void onRow(StoreCheck.Row stored) {
        snapshotCount++;
        if (stored.serializerId() != LogAudit.SERIALIZER_ID) {
          return;
        }
        try {
          snapshots.put(stored.seqNr(), audit.state(stored.manifest(), stored.payload()));
        } catch (RuntimeException e) {
          // As with rows.
          found("snapshot %d of %s cannot be read: %s".formatted(stored.seqNr(), id, e));
        }
      }

      @Override
      public void onDamage(String what) {
        found(what);
      }
    }
  }

  /** For people: what was read. */
  String summary() {
    return String.format(
        Locale.ROOT,
        "%,d MiB of log, %,d logs with %,d rows and %,d snapshots, %,d messages, in %.1f s",
        logBytes >> 20,
        logCount,
        rowCount,
        snapshotCount,
        messageCount,
        seconds());
  }
}
