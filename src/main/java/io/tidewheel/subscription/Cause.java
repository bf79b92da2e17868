package io.tidewheel.subscription;

/** Why a delivery ended without an ack. */
enum Cause {
  /** The worker said that it failed. */
  NACKED(0, "nacked"),
  /** The lease ended before the worker settled or extended it. */
  LEASE_ENDED(1, "lease ended"),
  /** The worker ended, and its leases with it. */
  WORKER_LOST(2, "worker lost"),
  /** The worker gave the message up. */
  REJECTED(3, "rejected"),
  /** Its time to live was over before it was settled. */
  EXPIRED(4, "expired");

  private final int code;
  private final String words;

  Cause(int code, String words) {
    this.code = code;
    this.words = words;
  }

  /** The cause in stored events. */
  int code() {
    return code;
  }

  /** The cause as headers and people read it. */
  String words() {
    return words;
  }
}
