package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The payloads of one window: what they weigh, and which are to be read again. */
final class Payloads {
  private final WindowBudget budget;
  private final TreeSet<Long> wanted = new TreeSet<>();
  private long bytes;

  Payloads(WindowBudget budget) {
    this.budget = budget;
  }

  long bytes() {
    return bytes;
  }

  /** Bytes that may still be read. */
  long room() {
    return budget.roomFor(bytes);
  }

  /** Whether only what can be given out now should be kept. */
  boolean isTight() {
    return budget.isTight(bytes);
  }

  /** Counts a message that came with its payload. */
  void keep(Slot slot) {
    change(slot.weight);
  }

  void load(Slot slot, Message message) {
    wanted.remove(slot.offset);
    if (!slot.isLoaded()) {
      slot.load(message);
      change(slot.weight);
    }
  }

  void drop(Slot slot) {
    if (slot.isLoaded()) {
      slot.unload();
      change(-slot.weight);
    }
  }

  void dropIfTight(Slot slot) {
    if (isTight()) {
      drop(slot);
    }
  }

  void want(long offset) {
    wanted.add(offset);
  }

  void wantNoMore(long offset) {
    wanted.remove(offset);
  }

  /** The first wanted offset from here on; null if there is none. */
  @Nullable Long wanted(long from) {
    return wanted.ceiling(from);
  }

  void clear() {
    wanted.clear();
    change(-bytes);
  }

  private void change(long change) {
    bytes += change;
    budget.add(change);
  }
}
