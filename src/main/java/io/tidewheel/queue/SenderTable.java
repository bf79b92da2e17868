package io.tidewheel.queue;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The senders a queue remembers: the 1,024 that stored last. The results kept for repeats are
 * bounded too, over all senders; the longest unused go first, and a repeat is then answered without
 * them.
 */
final class SenderTable {
  static final int MAX_SENDERS = 1_024;

  /** Results that are not a plain run take a number a message: 16,384 of them take about 64 KiB. */
  static final int MAX_RESULT_CODES = 16_384;

  /** In the order of their last stored append. */
  private final LinkedHashMap<SenderId, NumberWindow> windows = new LinkedHashMap<>();

  private int resultCodes;

  @Nullable NumberWindow window(SenderId sender) {
    return windows.get(sender);
  }

  void store(SenderId sender, long number, AppendResults results) {
    NumberWindow known = windows.remove(sender);
    NumberWindow window = known == null ? new NumberWindow() : known;
    windows.put(sender, window);
    int before = window.resultCodes();
    window.store(number, results);
    resultCodes += window.resultCodes() - before;
    bound();
  }

  /** Puts a sender back as a snapshot had it; senders come least recent first. */
  void restore(SenderId sender, NumberWindow window) {
    windows.put(sender, window);
    resultCodes += window.resultCodes();
  }

  /** All senders, least recent first. */
  Map<SenderId, NumberWindow> windows() {
    return windows;
  }

  private void bound() {
    Iterator<NumberWindow> leastRecent = windows.values().iterator();
    while (windows.size() > MAX_SENDERS) {
      resultCodes -= leastRecent.next().resultCodes();
      leastRecent.remove();
    }
    Iterator<NumberWindow> all = windows.values().iterator();
    while (resultCodes > MAX_RESULT_CODES && all.hasNext()) {
      NumberWindow window = all.next();
      int before = window.resultCodes();
      while (resultCodes > MAX_RESULT_CODES && window.forgetOldestResults()) {
        resultCodes += window.resultCodes() - before;
        before = window.resultCodes();
      }
    }
  }
}
