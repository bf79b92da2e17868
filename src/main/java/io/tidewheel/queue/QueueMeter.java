package io.tidewheel.queue;

/** Told what queues do, for metrics. Called by every queue of the node: must not block. */
public interface QueueMeter {
  /** Nobody counts. */
  QueueMeter NONE =
      new QueueMeter() {
        @Override
        public void onStored(int messageCount, long nanos) {
          // Nobody counts.
        }

        @Override
        public void onLoaded(long nanos) {
          // Nobody counts.
        }
      };

  /** A batch is stored and flushed, after so long in the core's hands. */
  void onStored(int messageCount, long nanos);

  /** A queue has recovered, after so long. */
  void onLoaded(long nanos);
}
