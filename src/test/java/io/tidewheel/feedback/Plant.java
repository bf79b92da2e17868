package io.tidewheel.feedback;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.LongToDoubleFunction;
import java.util.function.ToDoubleFunction;

/**
 * A subscription with more messages than its workers can take, and a backend behind them, in
 * virtual time: steps of 5 ms; outcomes are told four times a second, and a limit holds from the
 * step after it was decided. What comes back is noisy, from a seed.
 */
final class Plant {
  static final long SECOND = 1_000_000_000L;
  private static final long STEP = 5_000_000L;
  private static final long TICK = 250_000_000L;

  /** A law under test: takes outcomes, gives a limit. */
  interface Law {
    double step(long nowNanos, Outcomes outcomes);
  }

  private record Flight(long endNanos, long beganNanos, boolean isSuccess) {}

  /** Calls and successes of each second. */
  record Second(double calls, double good) {
    double wasted() {
      return calls == 0 ? 0 : 1 - good / calls;
    }
  }

  private final Random random;
  private final Law law;
  private final double handlerRate;
  private final long latencyNanos;
  private final Deque<Flight> flights = new ArrayDeque<>();
  private final List<Second> seconds = new ArrayList<>();
  private long now = SECOND;
  private double limit = Double.POSITIVE_INFINITY;
  private double credit;
  private double capacityTokens;

  Plant(Law law, double handlerRate, long latencyNanos, long seed) {
    this.law = law;
    this.handlerRate = handlerRate;
    this.latencyNanos = latencyNanos;
    this.random = new Random(seed);
  }

  /**
   * Runs for some seconds.
   *
   * @param chance of a call that the backend takes
   * @param capacity calls a second that the backend takes; the others fail
   */
  Plant run(int forSeconds, double chance, double capacity) {
    return run(forSeconds, now -> chance, now -> capacity);
  }

  Plant run(int forSeconds, LongToDoubleFunction chance, LongToDoubleFunction capacity) {
    for (int second = 0; second < forSeconds; second++) {
      long end = now + SECOND;
      long calls = 0;
      long good = 0;
      long ok = 0;
      long failed = 0;
      long latency = 0;
      while (now < end) {
        now += STEP;
        double perStep = STEP / (double) SECOND;
        credit = Math.min(credit + Math.min(limit, handlerRate) * perStep, burst());
        double takes = capacity.applyAsDouble(now);
        capacityTokens = Math.min(capacityTokens + takes * perStep, Math.max(1, takes * 0.05));
        while (credit >= 1) {
          credit--;
          calls++;
          boolean isTaken = capacityTokens >= 1;
          capacityTokens -= isTaken ? 1 : 0;
          boolean isSuccess = isTaken && random.nextDouble() < chance.applyAsDouble(now);
          good += isSuccess ? 1 : 0;
          long spread = (long) (latencyNanos * (0.5 + random.nextDouble()));
          flights.add(new Flight(now + spread, now, isSuccess));
        }
        for (int i = flights.size(); i > 0; i--) {
          Flight flight = flights.remove();
          if (flight.endNanos <= now) {
            ok += flight.isSuccess ? 1 : 0;
            failed += flight.isSuccess ? 0 : 1;
            latency += now - flight.beganNanos;
          } else {
            flights.add(flight);
          }
        }
        if (now % TICK == 0) {
          limit = law.step(now, new Outcomes(ok, failed, latency));
          ok = 0;
          failed = 0;
          latency = 0;
        }
      }
      seconds.add(new Second(calls, good));
    }
    return this;
  }

  private double burst() {
    return Math.max(1, Math.min(limit, handlerRate) * 0.1);
  }

  double limit() {
    return limit;
  }

  Second second(int index) {
    return seconds.get(index);
  }

  int secondCount() {
    return seconds.size();
  }

  /** The mean over seconds, from one to before another. */
  double mean(int from, int to, ToDoubleFunction<Second> of) {
    return seconds.subList(from, to).stream().mapToDouble(of).average().orElseThrow();
  }

  double wasted(int from, int to) {
    return 1 - mean(from, to, Second::good) / mean(from, to, Second::calls);
  }

  /** The farthest that a second is from the mean, as a share of it. */
  double swing(int from, int to, ToDoubleFunction<Second> of) {
    double mean = mean(from, to, of);
    return seconds.subList(from, to).stream()
        .mapToDouble(of)
        .map(each -> Math.abs(each - mean) / mean)
        .max()
        .orElseThrow();
  }
}
