package io.tidewheel.cli;

import java.util.concurrent.atomic.LongAdder;

/** What came of consuming so far. Safe for any thread. */
final class ConsumeTotals {
  final LongAdder received = new LongAdder();
  final LongAdder bytes = new LongAdder();
  final LongAdder acked = new LongAdder();
  final LongAdder nacked = new LongAdder();
  final LongAdder released = new LongAdder();

  /** Settled too late: somebody else gets or has got them. */
  final LongAdder expired = new LongAdder();
}
