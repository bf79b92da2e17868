package io.tidewheel.feedback;

/**
 * The law that {@link SuccessLaw} was compared with: additive increase, multiplicative decrease,
 * and a probe rate. It knows neither the rate that failed last nor whether falling helps.
 */
final class AimdLaw {
  private static final double PROBE_SHARE = 0.01;

  private final OutcomeWindow window = new OutcomeWindow(Plant.SECOND);
  private final double target;
  private double limit = Double.POSITIVE_INFINITY;
  private double base;
  private long cutNanos;

  AimdLaw(double target) {
    this.target = target;
  }

  double step(long now, Outcomes outcomes) {
    window.add(now, outcomes);
    Outcomes recent = window.at(now);
    boolean isSettled = now - cutNanos >= Plant.SECOND;
    boolean isFailing = recent.failed() >= Math.min(10, recent.count()) && recent.count() > 0;
    if (isFailing && recent.success() < target) {
      if (isSettled) {
        base = Math.max(base, (double) recent.count());
        limit = Math.max(PROBE_SHARE * base, Math.min(limit, (double) recent.count()) / 2);
        cutNanos = now;
      }
    } else if (limit < Double.POSITIVE_INFINITY) {
      limit += base / 40;
      if (isSettled && limit > 2 * base) {
        limit = Double.POSITIVE_INFINITY;
      }
    }
    return limit;
  }
}
