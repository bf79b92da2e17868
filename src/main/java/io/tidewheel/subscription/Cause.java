package io.tidewheel.subscription;

/** Why a delivery ended without an ack. The order is part of the stored form. */
enum Cause {
  /** The worker said that it failed. */
  NACKED("nacked"),
  /** The lease ended before the worker settled or extended it. */
  LEASE_ENDED("lease ended"),
  /** The worker ended, and its leases with it. */
  WORKER_LOST("worker lost"),
  /** The worker gave the message up. */
  REJECTED("rejected");

  private final String words;

  Cause(String words) {
    this.words = words;
  }

  /** The cause as headers and people read it. */
  String words() {
    return words;
  }
}
