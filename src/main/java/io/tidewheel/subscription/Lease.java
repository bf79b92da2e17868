package io.tidewheel.subscription;

import org.jspecify.annotations.Nullable;

/** A worker's timed right to one message. A node of the lists of {@link Leases}. */
final class Lease {
  final long offset;

  /** Who settles it, for the pull log. */
  final WorkerName worker;

  /** Ends the lease when it ends itself; null for a lease that only ends by time. */
  final @Nullable Object holder;

  /** Hears how it ends; null if it was carried over from another owner. */
  @Nullable WorkerTally tally;

  final long startNanos;
  long deadlineNanos;
  Leases.@Nullable Bucket bucket;
  @Nullable Lease previous;
  @Nullable Lease next;

  Lease(
      long offset,
      WorkerName worker,
      @Nullable Object holder,
      long startNanos,
      long deadlineNanos) {
    this.offset = offset;
    this.worker = worker;
    this.holder = holder;
    this.startNanos = startNanos;
    this.deadlineNanos = deadlineNanos;
  }
}
