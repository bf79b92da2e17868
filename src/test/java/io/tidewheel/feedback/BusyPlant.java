package io.tidewheel.feedback;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongToDoubleFunction;

/**
 * A broker, its workers and their backend on a machine that is too busy, in virtual time: all of it
 * stands still for moments, workers do for longer and then make up for what they are late with,
 * reports come when they like, and another bound than the law's holds for a while. From a seed.
 *
 * <p>Workers take up to twenty messages, call the backend for one after the other and settle them
 * together, as those of {@code FeedbackBenchmark} do.
 */
final class BusyPlant {
  private static final long STEP = 5_000_000L;
  private static final long TICK = 250_000_000L;
  private static final int WORKERS = 8;
  private static final int BATCH = 20;
  private static final double BURST_SECONDS = 0.2;
  private static final double LEAST_PULL_SECONDS = 0.02;
  private static final double BACKEND_BURST_SECONDS = 0.05;

  /** A law under test: takes outcomes, gives a limit. */
  interface Law {
    double step(long nowNanos, Outcomes outcomes, boolean isHeldElsewhere);
  }

  /**
   * How busy the machine is.
   *
   * @param stallsPerSecond how often everything stands still
   * @param maxStallMillis for how long at most
   * @param hiccupsPerSecond how often one of the workers does
   * @param maxHiccupMillis for how long at most
   * @param jitterMillis how late a report is at most
   * @param maxDelayMillis how long at most an answer or what was settled is on its way
   */
  record Noise(
      double stallsPerSecond,
      int maxStallMillis,
      double hiccupsPerSecond,
      int maxHiccupMillis,
      int jitterMillis,
      int maxDelayMillis) {
    static final Noise NONE = new Noise(0, 0, 0, 0, 0, 0);

    /** What two cores do that run a build beside. */
    static final Noise BUSY = new Noise(0.2, 600, 1, 300, 150, 0);

    /** What they do when everybody gets a third of them, in turns. */
    static final Noise TURNS = new Noise(3, 150, 4, 250, 100, 0);

    /** And what they do at their worst. */
    static final Noise WORST = new Noise(0.3, 2_000, 2, 800, 300, 0);

    /** A broker that has just started: what workers ask for and settle waits for compilers. */
    static final Noise COLD = new Noise(0.5, 300, 2, 200, 150, 400);
  }

  private static final class Worker {
    private int left;
    private long dueNanos;
    private long beganNanos;
    private long asleepUntilNanos;
    private long succeeded;
    private long failed;
    private boolean isSettled = true;
    private long settlesNanos;
  }

  private final Law law;
  private final Random random;
  private final long nanosPerMessage;
  private final List<Worker> workers = new ArrayList<>();
  private final List<Plant.Second> seconds = new ArrayList<>();
  private Noise noise = Noise.NONE;
  private LongToDoubleFunction other = now -> Double.POSITIVE_INFINITY;
  private long now = Plant.SECOND;
  private long nextTick = now + TICK;
  private long stalledUntil;
  private double limit = Double.POSITIVE_INFINITY;
  private double tokens;
  private double backendTokens;
  private Outcomes told = Outcomes.NONE;
  private boolean wasHeld;

  BusyPlant(Law law, double handlerRate, long seed) {
    this.law = law;
    this.random = new Random(seed);
    this.nanosPerMessage = (long) (WORKERS / handlerRate * Plant.SECOND);
    for (int i = 0; i < WORKERS; i++) {
      workers.add(new Worker());
    }
  }

  BusyPlant with(Noise now) {
    noise = now;
    return this;
  }

  /** From now on not more than this is given out, whatever the law says; by seconds since 0. */
  BusyPlant bounded(LongToDoubleFunction rate) {
    other = rate;
    return this;
  }

  /** Runs for some seconds, as {@link Plant#run(int, double, double)}. */
  BusyPlant run(int forSeconds, double chance, LongToDoubleFunction capacity) {
    for (int second = 0; second < forSeconds; second++) {
      long[] calls = new long[2];
      for (long end = now + Plant.SECOND; now < end; ) {
        now += STEP;
        double perSecond = capacity.applyAsDouble(now);
        double perStep = STEP / (double) Plant.SECOND;
        backendTokens =
            Math.min(
                backendTokens + perSecond * perStep,
                Math.max(1, perSecond * BACKEND_BURST_SECONDS));
        double rate = Math.min(limit, other.applyAsDouble(now));
        tokens = Math.min(tokens + rate * perStep, Math.max(1, rate * BURST_SECONDS));
        if (now >= stalledUntil) {
          if (random.nextDouble() < noise.stallsPerSecond * perStep) {
            stalledUntil = now + (long) (random.nextDouble() * noise.maxStallMillis * 1e6);
          }
          for (Worker worker : workers) {
            work(worker, rate, chance, calls);
          }
          tick();
        }
      }
      seconds.add(new Plant.Second(calls[0], calls[1]));
    }
    return this;
  }

  private void work(Worker worker, double rate, double chance, long[] calls) {
    if (now < worker.asleepUntilNanos) {
      return;
    }
    if (random.nextDouble() < noise.hiccupsPerSecond * STEP / Plant.SECOND) {
      worker.asleepUntilNanos = now + (long) (random.nextDouble() * noise.maxHiccupMillis * 1e6);
    }
    if (!worker.isSettled) {
      settle(worker);
      return;
    }
    if (worker.left == 0) {
      boolean isOpen = rate == Double.POSITIVE_INFINITY;
      int taken = isOpen ? BATCH : (int) Math.min(BATCH, Math.floor(tokens));
      if (!isOpen && taken < Math.min(BATCH, Math.max(1, rate * LEAST_PULL_SECONDS))) {
        wasHeld = true;
        return;
      }
      tokens -= isOpen ? 0 : taken;
      worker.left = taken;
      worker.beganNanos = now;
      worker.dueNanos = now;
      worker.succeeded = 0;
      worker.failed = 0;
    }
    while (worker.left > 0 && now >= worker.dueNanos) {
      boolean isTaken = backendTokens >= 1;
      backendTokens -= isTaken ? 1 : 0;
      boolean isGood = isTaken && random.nextDouble() < chance;
      worker.succeeded += isGood ? 1 : 0;
      worker.failed += isGood ? 0 : 1;
      calls[0]++;
      calls[1] += isGood ? 1 : 0;
      worker.dueNanos += nanosPerMessage;
      worker.left--;
    }
    if (worker.left == 0) {
      worker.isSettled = false;
      worker.settlesNanos = now + (long) (random.nextDouble() * noise.maxDelayMillis * 1e6);
      settle(worker);
    }
  }

  private void settle(Worker worker) {
    if (now >= worker.settlesNanos) {
      worker.isSettled = true;
      long latency = (now - worker.beganNanos) * (worker.succeeded + worker.failed);
      told = told.plus(new Outcomes(worker.succeeded, worker.failed, latency));
    }
  }

  private void tick() {
    if (now >= nextTick) {
      limit = law.step(now, told, wasHeld && other.applyAsDouble(now) < limit);
      told = Outcomes.NONE;
      wasHeld = false;
      nextTick = now + TICK + (long) (random.nextDouble() * noise.jitterMillis * 1e6);
    }
  }

  /** The most calls of a second. */
  double most(int from, int to) {
    return seconds.subList(from, to).stream().mapToDouble(Plant.Second::calls).max().orElseThrow();
  }

  private double sum(int from, int to, boolean isGood) {
    return seconds.subList(from, to).stream()
        .mapToDouble(each -> isGood ? each.good() : each.calls())
        .sum();
  }

  double good(int from, int to) {
    return sum(from, to, true) / (to - from);
  }

  double calls(int from, int to) {
    return sum(from, to, false) / (to - from);
  }

  double wasted(int from, int to) {
    return 1 - good(from, to) / Math.max(1e-9, calls(from, to));
  }
}
