package io.tidewheel.feedback;

import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.subscription.Allowance;
import io.tidewheel.subscription.Throttle;
import io.tidewheel.subscription.WorkerTally;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the relay of a node knows of one subscription whose queues are on the node. For one thread.
 */
final class LocalSubscription {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long RECENT_NANOS = 1_000_000_000L;
  private static final long MAX_WINDOW_NANOS = 60_000_000_000L;
  private static final double RATE_SECONDS = 1;
  private static final int MIN_FAILURES = 10;

  /** What succeeded at best is believed for minutes. */
  private static final double HEALTHY_SECONDS = 300;

  /** A worker with nothing in hand that did nothing for so long is forgotten. */
  private static final long WORKER_NANOS = 600_000_000_000L;

  private final Throttle throttle;
  private final Grants grants = new Grants();
  private final WorkerLaw<WorkerTally> workers = new WorkerLaw<>();
  private final Map<WorkerTally, Long> workersSeen = new HashMap<>();
  private final OutcomeWindow recent = new OutcomeWindow(RECENT_NANOS);
  private OutcomeWindow window = new OutcomeWindow(10 * RECENT_NANOS);
  private long windowNanos = 10 * RECENT_NANOS;
  private Outcomes step = Outcomes.NONE;
  private long dispatched;
  private boolean isHeld;
  private double dispatchRate;
  private double arrivalRate;
  private double healthyRate;
  private double rateBeforeBusy;
  private long steppedNanos;
  private boolean hasStepped;
  private boolean isReporting;
  private long reportedNanos;
  private Allowance told = Allowance.OPEN;
  private long toldNanos;

  LocalSubscription(Throttle throttle) {
    this.throttle = throttle;
  }

  Throttle throttle() {
    return throttle;
  }

  Grants grants() {
    return grants;
  }

  Outcomes step() {
    return step;
  }

  long dispatched() {
    return dispatched;
  }

  boolean isHeld() {
    return isHeld;
  }

  double dispatchRate() {
    return dispatchRate;
  }

  /** Messages that come in a second, new ones and those that failed. */
  double arrivalRate() {
    return Math.max(0, arrivalRate);
  }

  double healthyRate() {
    return healthyRate;
  }

  Outcomes window(long nowNanos) {
    return window.at(nowNanos);
  }

  /** Takes in what happened since the step before. */
  void step(SubscriptionSettings settings, long nowNanos) {
    long length = Math.min(MAX_WINDOW_NANOS, settings.success().window().toNanos());
    if (length != windowNanos) {
      window = new OutcomeWindow(length);
      windowNanos = length;
    }
    Map<WorkerTally, Outcomes> byWorker = takeOutcomes(nowNanos);
    workers.step(nowNanos, byWorker);
    step = outcomes(throttle.others().take());
    byWorker.forEach(
        (worker, of) -> {
          worker.setSick(workers.isSick(worker));
          step = worker.isSick() ? step : step.plus(of);
        });
    window.add(nowNanos, step);
    recent.add(nowNanos, step);
    dispatched = Math.max(0, throttle.takeDispatched());
    long arrived = dispatched + throttle.takeGrown();
    isHeld = throttle.takeHeld() > 0;
    double seconds = hasStepped ? (nowNanos - steppedNanos) / NANOS_PER_SECOND : 0;
    if (seconds > 0) {
      double keep = Math.exp(-seconds / RATE_SECONDS);
      dispatchRate = keep * dispatchRate + (1 - keep) * dispatched / seconds;
      arrivalRate = keep * arrivalRate + (1 - keep) * arrived / seconds;
      healthyRate *= Math.exp(-seconds / HEALTHY_SECONDS);
      Outcomes last = recent.at(nowNanos);
      if (last.success() >= settings.success().target()) {
        healthyRate = Math.max(healthyRate, (double) last.succeeded());
      }
    }
    hasStepped = true;
    steppedNanos = nowNanos;
  }

  private Map<WorkerTally, Outcomes> takeOutcomes(long nowNanos) {
    Map<WorkerTally, Outcomes> byWorker = new HashMap<>();
    for (WorkerTally worker : throttle.workers()) {
      Outcomes of = outcomes(worker.take());
      if (of.count() > 0) {
        workersSeen.put(worker, nowNanos);
        byWorker.put(worker, of);
      } else if (nowNanos - workersSeen.computeIfAbsent(worker, one -> nowNanos) > WORKER_NANOS) {
        workersSeen.remove(worker);
        workers.forget(worker);
        throttle.forget(worker);
      }
    }
    return byWorker;
  }

  private static Outcomes outcomes(WorkerTally.Done done) {
    return new Outcomes(done.succeeded(), done.failed(), done.latencyNanos());
  }

  List<WorkerTally> sickWorkers() {
    List<WorkerTally> sick = new ArrayList<>();
    throttle.workers().stream().filter(WorkerTally::isSick).forEach(sick::add);
    return sick;
  }

  /** Whether more fails than may, by what is seen here. */
  boolean isFailing(double target, long nowNanos) {
    Outcomes last = recent.at(nowNanos);
    return last.failed() >= MIN_FAILURES && last.success() < target;
  }

  /** Whether it takes part in what is decided for the whole cluster. */
  boolean isReporting() {
    return isReporting;
  }

  /** Outcomes before the first report of a row; those of this step are not among them. */
  Outcomes beforeReports(long nowNanos) {
    if (isReporting) {
      return Outcomes.NONE;
    }
    Outcomes all = window.at(nowNanos);
    return new Outcomes(
        all.succeeded() - step.succeeded(),
        all.failed() - step.failed(),
        all.latencyNanos() - step.latencyNanos());
  }

  void reported(long nowNanos) {
    isReporting = true;
    reportedNanos = nowNanos;
  }

  void stopReporting(long afterNanos, long nowNanos) {
    if (nowNanos - reportedNanos > afterNanos) {
      isReporting = false;
    }
  }

  /** What it gave out before the node was busy; the best that is known while it is. */
  double rateBeforeBusy(boolean isBusy) {
    rateBeforeBusy = isBusy ? Math.max(rateBeforeBusy, dispatchRate) : dispatchRate;
    return rateBeforeBusy;
  }

  Allowance told() {
    return told;
  }

  /** Whether an allowance differs so much from what was said last that people should know. */
  boolean isWorthTelling(Allowance now, long nowNanos) {
    if (now.reason() != told.reason()) {
      return true;
    }
    boolean isFar = now.rate() > told.rate() * 1.25 || now.rate() < told.rate() * 0.8;
    return isFar && nowNanos - toldNanos >= RECENT_NANOS;
  }

  void tell(Allowance now, long nowNanos) {
    told = now;
    toldNanos = nowNanos;
  }
}
