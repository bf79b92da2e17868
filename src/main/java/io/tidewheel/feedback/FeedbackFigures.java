package io.tidewheel.feedback;

import java.util.Collection;

/** Figures of a relay for whoever watches the node. Safe for any thread. */
public final class FeedbackFigures {
  private volatile Counts counts = new Counts(0, 0, 0, 0, 0, 1);

  private record Counts(
      int success, int backend, int cpu, int sickWorkers, double busy, double cpuShare) {}

  void set(Collection<LocalSubscription> subscriptions, FeedbackRelay.Cpu cpu) {
    int success = 0;
    int backend = 0;
    int byCpu = 0;
    int sick = 0;
    for (LocalSubscription each : subscriptions) {
      switch (each.throttle().allowance().reason()) {
        case SUCCESS -> success++;
        case BACKEND -> backend++;
        case CPU -> byCpu++;
        case NONE, RATE_LIMIT -> {}
      }
      sick += each.sickWorkers().size();
    }
    counts = new Counts(success, backend, byCpu, sick, cpu.busy(), cpu.share());
  }

  /** Subscriptions that may give out less because too much fails. */
  public double boundBySuccess() {
    return counts.success();
  }

  /** Subscriptions that may give out less because of a backend. */
  public double boundByBackend() {
    return counts.backend();
  }

  /** Subscriptions that may give out less because the node is busy. */
  public double boundByCpu() {
    return counts.cpu();
  }

  /** Workers that get a few deliveries to try only. */
  public double sickWorkers() {
    return counts.sickWorkers();
  }

  /** How busy the processors are, from 0 to 1. */
  public double cpuBusy() {
    return counts.busy();
  }

  /** What of the dispatch before is left while the node is busy. */
  public double cpuShare() {
    return counts.cpuShare();
  }
}
