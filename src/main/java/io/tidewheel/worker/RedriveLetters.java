package io.tidewheel.worker;

import io.tidewheel.queue.MessageBatch;
import io.tidewheel.subscription.DeadMessage;
import io.tidewheel.subscription.Redriving;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The dead letters a redrive has before it: those that are read and selected, and the wave that is
 * worked on. Plain state: no actors, no clock.
 */
final class RedriveLetters {
  private final RedriveRequest request;
  private final RedriveTally tally;
  private final int queueCount;
  private final Deque<Letter> page = new ArrayDeque<>();
  private final List<Letter> wave = new ArrayList<>();
  private long from;
  private long end = Long.MAX_VALUE;

  /** What has become of a dead letter of the wave. */
  enum Fate {
    /** Not known yet whether it can be reopened. */
    OPEN,
    /** It is settled for its subscription: a copy is to be stored. */
    TO_COPY,
    /** Its subscription has it again, and that is stored. */
    STORED
  }

  /** A selected dead letter. */
  static final class Letter {
    final long offset;
    final long generation;
    final DeadMessage dead;
    Fate fate = Fate.OPEN;

    Letter(long offset, long generation, DeadMessage dead) {
      this.offset = offset;
      this.generation = generation;
      this.dead = dead;
    }
  }

  RedriveLetters(RedriveRequest request, RedriveTally tally, int queueCount) {
    this.request = request;
    this.tally = tally;
    this.queueCount = queueCount;
  }

  /** Where to look on. */
  long from() {
    return from;
  }

  /** Where to stop looking; what comes to the topic later is behind it. */
  long end() {
    return end;
  }

  /** Whether everything is looked at and nothing is left to be worked on. */
  boolean isDone() {
    return page.isEmpty() && wave.isEmpty() && (from >= end || tally.selected() >= request.max());
  }

  void onFound(Redriving.Found found) {
    if (end == Long.MAX_VALUE) {
      end = found.end();
      tally.total(found.openCount());
    }
    if (found.offsets().isEmpty()) {
      tally.skip(found.held().size());
      from = found.next();
    }
  }

  /** Takes what was read of the found ones; the read may have been cut short. */
  void onRead(Redriving.Found found, List<MessageBatch> batches) {
    long before = from;
    from = found.next();
    int at = 0;
    for (long offset : found.offsets()) {
      while (at < batches.size() && batches.get(at).endOffset() <= offset) {
        at++;
      }
      if (tally.selected() >= request.max() || (at == batches.size() && at > 0)) {
        from = offset;
        break;
      }
      if (at == batches.size() || offset < batches.get(at).firstOffset()) {
        // The log does not have it any more.
        tally.failUnread();
      } else {
        take(offset, found.generation(), batches.get(at));
      }
    }
    tally.skip((int) found.held().stream().filter(held -> held >= before && held < from).count());
  }

  private void take(long offset, long generation, MessageBatch batch) {
    DeadMessage dead = DeadMessage.of(batch.message(offset));
    if (dead == null || dead.queue() < 0 || dead.queue() >= queueCount) {
      tally.failUnread();
    } else if (!request.selects(dead, batch.atMillis())) {
      tally.skip(1);
    } else {
      tally.select(dead, offset, batch.atMillis());
      if (!request.isDryRun()) {
        page.add(new Letter(offset, generation, dead));
      }
    }
  }

  boolean hasPage() {
    return !page.isEmpty();
  }

  int pageSize() {
    return page.size();
  }

  void beginWave(int count) {
    for (int i = 0; i < count; i++) {
      wave.add(page.remove());
    }
  }

  /** All of it is stored and settled. */
  void closeWave() {
    wave.clear();
  }

  /** It stays a dead letter. */
  void leave(Letter letter) {
    wave.remove(letter);
  }

  boolean has(Fate fate) {
    return wave.stream().anyMatch(letter -> letter.fate == fate);
  }

  /** In order. */
  List<Letter> with(Fate fate) {
    return wave.stream().filter(letter -> letter.fate == fate).toList();
  }

  void set(long offset, Fate fate) {
    for (Letter letter : wave) {
      if (letter.offset == offset) {
        letter.fate = fate;
      }
    }
  }

  /** Leaves what is not stored yet for another redrive. */
  void giveUpOpen() {
    wave.removeIf(letter -> letter.fate == Fate.OPEN || letter.fate == Fate.TO_COPY);
  }
}
