package io.tidewheel.worker;

import io.tidewheel.subscription.DeadMessage;
import io.tidewheel.worker.RedriveProgress.Shown;
import java.util.ArrayList;
import java.util.List;

/** Counts what a redrive does. */
final class RedriveTally {
  private final List<Shown> first = new ArrayList<>();
  private long total;
  private long scanned;
  private long selected;
  private long bytes;
  private long redriven;
  private long skipped;
  private long failed;

  void total(long newTotal) {
    total = newTotal;
  }

  /** Looked at, and left where it is. */
  void skip(int count) {
    scanned += count;
    skipped += count;
  }

  /** Looked at, and of no use. */
  void failUnread() {
    scanned++;
    failed++;
  }

  void select(DeadMessage dead, long letter, long atMillis) {
    scanned++;
    selected++;
    int size = dead.letter().payload().length;
    bytes += size;
    if (first.size() < RedriveProgress.MAX_SHOWN) {
      first.add(
          new Shown(
              letter,
              atMillis,
              dead.queue(),
              dead.offset(),
              dead.id(),
              dead.letter().key(),
              dead.reason(),
              size));
    }
  }

  void redrive(int count) {
    redriven += count;
  }

  void fail() {
    failed++;
  }

  long selected() {
    return selected;
  }

  RedriveProgress now() {
    return new RedriveProgress(
        total, scanned, selected, bytes, redriven, skipped, failed, List.copyOf(first));
  }
}
