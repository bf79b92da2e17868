package io.tidewheel.feedback;

/**
 * Finds the rate at which deliveries of a subscription succeed. Told the outcomes of each step of
 * time, it says how many messages a second may be given out. Pure; times are nanoseconds of a
 * monotonic clock.
 *
 * <ol>
 *   <li>Open as long as the success over the window, and over the last second, reaches the target.
 *   <li>Below it the rate falls to what succeeds, at most by half a step; when nearly nothing
 *       succeeds, by three quarters a step, down to the probe rate.
 *   <li>It climbs while what is given out succeeds: quickly far below the rate that failed last,
 *       slowly close to it, faster again when that turns out to be too low (the shape of CUBIC's
 *       window, RFC 9438). Where a part fails that the target allows for, it stays.
 *   <li>When falling twice does not help, failures do not come from the rate: what succeeds at the
 *       low rate is the new reference, and the rate climbs back. To give out less would then only
 *       make less of what succeeds. If more fails up there, it was the rate after all, and that is
 *       not believed again for a while, each time for longer. Every now and then a little less is
 *       tried, lest chance decided that for good.
 *   <li>Each step waits until deliveries made at the new rate have come back, and looks at no less
 *       than a fifth of a second: less says nothing where deliveries come back in batches.
 *   <li>What was not given out has not succeeded: where something else holds the rate, or there is
 *       nothing to give out, the limit stays, and is kept for a while.
 * </ol>
 */
final class SuccessLaw {
  static final double UNLIMITED = Double.POSITIVE_INFINITY;

  /** Below this success there is nothing to be gained but knowledge. */
  static final double DOWN = 0.1;

  /** The probe rate as a share of what succeeded before. */
  static final double PROBE_SHARE = 0.01;

  private static final double NANOS_PER_SECOND = 1e9;
  private static final long RECENT_NANOS = 1_000_000_000L;
  private static final long REFERENCE_NANOS = 5_000_000_000L;
  private static final long FEW_AFTER_NANOS = 1_000_000_000L;
  private static final long ANY_AFTER_NANOS = 5_000_000_000L;
  private static final int MIN_FAILURES = 10;
  private static final int ENOUGH = 20;
  private static final int REFERENCE_COUNT = 100;
  private static final int FEW = 5;
  private static final int FEW_GOOD = 3;
  private static final double MIN_GROWTH = 0.01;
  private static final double MAX_GROWTH = 0.5;

  /** Less time says nothing of a rate: deliveries are settled in batches. */
  private static final long MIN_EPOCH_NANOS = 200_000_000L;

  /** Where the rate stays that is known to be a bit too high. */
  private static final double HELD_ABOVE = 1.02;

  /** How far an observation may be off by chance, in standard deviations. */
  private static final double CHANCE = 1.5;

  /** The same while the reference itself was observed, and may be off too. */
  private static final double CHANCE_OF_TWO = 3;

  /** What the rate does and why. */
  enum Phase {
    /** No limit. */
    OPEN,
    /** Nearly nothing succeeds: a few are tried. */
    PROBING,
    /** Too much failed: the rate has fallen. */
    FALLING,
    /** What is given out succeeds: the rate climbs. */
    CLIMBING,
    /** A part fails that the target allows for. */
    HOLDING,
    /** Too much fails at any rate, as it seems; less is tried for a moment. */
    TRYING
  }

  /**
   * Settings of a law.
   *
   * @param target share of deliveries that shall succeed
   * @param windowNanos over which
   * @param minRate messages a second that are given out in any case
   */
  record Settings(double target, long windowNanos, double minRate) {}

  private Settings settings;
  private OutcomeWindow window;
  private final OutcomeWindow recent = new OutcomeWindow(RECENT_NANOS);
  private final OutcomeWindow sinceReference = new OutcomeWindow(REFERENCE_NANOS);
  private Phase phase = Phase.OPEN;
  private double limit = UNLIMITED;

  /** Success at rates that do no harm. */
  private double reference = 1;

  /** Successes a second before things went wrong. */
  private double healthyRate;

  /** What succeeded a second when more was given out; 0 if that is not known. */
  private double ceiling;

  private double growth = MIN_GROWTH;

  private final RateBlame blame = new RateBlame();
  private final Retrial retrial = new Retrial();
  private final Slack slack = new Slack();
  private final Epoch epoch = new Epoch();
  private long beganNanos = Long.MIN_VALUE;
  private long lastNanos;

  SuccessLaw(Settings settings) {
    this.settings = settings;
    this.window = new OutcomeWindow(settings.windowNanos());
  }

  /** The outcomes of the first step come from after then. */
  void begin(long sinceNanos) {
    beganNanos = sinceNanos;
    lastNanos = sinceNanos;
    epoch.restart(sinceNanos, 0);
  }

  /** Goes on where another one was lost: at a rate that holds on the nodes. */
  void adopt(double rate, long nowNanos) {
    phase = Phase.CLIMBING;
    limit = Math.max(settings.minRate(), rate);
    healthyRate = limit;
    epoch.restart(nowNanos, 0);
  }

  /** Takes in what became of deliveries before it was asked, without deciding anything by it. */
  void remember(long nowNanos, Outcomes outcomes) {
    if (outcomes.count() > 0) {
      window.add(nowNanos, outcomes);
    }
  }

  /** So many a second are known to have succeeded when all was well. */
  void expect(double successesPerSecond) {
    healthyRate = Math.max(healthyRate, successesPerSecond);
  }

  void change(Settings now) {
    if (!now.equals(settings)) {
      if (now.windowNanos() != settings.windowNanos()) {
        window = new OutcomeWindow(now.windowNanos());
      }
      settings = now;
    }
  }

  double limit() {
    return limit;
  }

  Phase phase() {
    return phase;
  }

  boolean isOpen() {
    return phase == Phase.OPEN;
  }

  /** Over the window; 1 without any outcomes. */
  double success(long nowNanos) {
    return window.at(nowNanos).success();
  }

  /**
   * Takes in what became of deliveries since the last step.
   *
   * @param isHeldElsewhere whether more would have been given out but for a lower bound than this
   */
  void step(long nowNanos, Outcomes outcomes, boolean isHeldElsewhere) {
    if (beganNanos == Long.MIN_VALUE) {
      begin(nowNanos);
    }
    window.add(nowNanos, outcomes);
    recent.add(nowNanos, outcomes);
    sinceReference.add(nowNanos, outcomes);
    learnReference(nowNanos);
    if (settings.target() <= 0) {
      open();
    } else if (isToBeTried(nowNanos)) {
      beginTrial(nowNanos);
    } else if (phase == Phase.OPEN) {
      stepOpen(nowNanos, outcomes);
    } else if (epoch.add(outcomes, isHeldElsewhere, lastNanos, nowNanos)) {
      decide(nowNanos);
    }
    lastNanos = nowNanos;
  }

  /** Failures that do not come from the rate may become fewer; by chance alone they do not. */
  private void learnReference(long nowNanos) {
    Outcomes all = sinceReference.at(nowNanos);
    if (all.count() >= REFERENCE_COUNT) {
      reference = Math.min(1, Math.max(reference, all.success() - 2 * all.deviation()));
    }
  }

  private void stepOpen(long nowNanos, Outcomes outcomes) {
    Outcomes long10 = window.at(nowNanos);
    Outcomes last = recent.at(nowNanos);
    double seconds =
        Math.max(0.25, Math.min(RECENT_NANOS, nowNanos - beganNanos) / NANOS_PER_SECOND);
    if (last.success() >= accepted()) {
      healthyRate = Math.max(last.succeeded() / seconds, 0.95 * healthyRate);
    }
    boolean isFailing =
        long10.failed() >= MIN_FAILURES
            && isBelow(long10, accepted())
            && isBelow(last, accepted())
            && outcomes.failed() > 0;
    if (isFailing) {
      double rate = Math.max(last.count() / seconds, settings.minRate());
      limit = rate;
      growth = MIN_GROWTH;
      if (last.success() < DOWN) {
        fallToProbe();
      } else {
        fall(last.success(), rate, last.succeeded() / seconds);
      }
      epoch.restart(nowNanos, last.latencyNanos() / Math.max(1, last.count()));
    }
  }

  private void decide(long nowNanos) {
    if (phase == Phase.TRYING) {
      decideTrial(nowNanos);
      return;
    }
    Outcomes outcomes = epoch.outcomes();
    long count = outcomes.count();
    long elapsed = epoch.elapsedNanos(nowNanos);
    boolean isGood = outcomes.success() >= accepted();
    boolean isEnough =
        count >= ENOUGH
            || (count >= FEW_GOOD && isGood)
            || (count >= FEW && elapsed >= FEW_AFTER_NANOS)
            || (count > 0 && elapsed >= ANY_AFTER_NANOS);
    if (!isEnough || elapsed < MIN_EPOCH_NANOS) {
      return;
    }
    if (outcomes.success() < Math.min(DOWN, accepted())) {
      fallToProbe();
    } else if (isBelow(outcomes, accepted())) {
      onFailing(nowNanos);
    } else {
      onSuccess(nowNanos);
    }
    epoch.restart(nowNanos, epoch.latencyNanos());
  }

  /** Only where the rate is free: where it is not, the law is about to find out anyway. */
  private boolean isToBeTried(long nowNanos) {
    return reference < 1
        && (phase == Phase.OPEN || (phase == Phase.CLIMBING && ceiling <= 0))
        && retrial.isDue(nowNanos)
        && recent.at(nowNanos).failed() > 0
        && recent.at(nowNanos).success() < settings.target();
  }

  private void beginTrial(long nowNanos) {
    Outcomes last = recent.at(nowNanos);
    double less = retrial.begin(recentRate(nowNanos), last.success(), limit);
    limit = Math.max(settings.minRate(), less);
    phase = Phase.TRYING;
    epoch.restart(nowNanos, last.latencyNanos() / last.count());
  }

  private void decideTrial(long nowNanos) {
    Retrial.Verdict verdict = retrial.verdict(epoch, nowNanos);
    if (verdict == Retrial.Verdict.OPEN) {
      return;
    }
    if (verdict == Retrial.Verdict.IT_IS_THE_RATE) {
      reference = 1;
      blame.forget();
      fall(epoch.outcomes().success(), epoch.rate(nowNanos), epoch.goodRate(nowNanos));
    } else {
      limit = retrial.limitBefore();
      phase = limit < UNLIMITED ? Phase.CLIMBING : Phase.OPEN;
    }
    epoch.restart(nowNanos, epoch.latencyNanos());
  }

  private void onFailing(long nowNanos) {
    slack.end();
    Outcomes outcomes = epoch.outcomes();
    double rate = epoch.rate(nowNanos);
    if (blame.isRefuted(limit, nowNanos)) {
      reference = 1;
    }
    if (limit <= probeRate() * 1.01) {
      // There is no lower rate to try.
      if (outcomes.count() >= FEW) {
        accept(outcomes, nowNanos);
      }
      return;
    }
    if (blame.isNotTheRate(Math.max(limit, rate), outcomes.success(), reference, nowNanos)) {
      accept(outcomes, nowNanos);
      return;
    }
    fall(outcomes.success(), rate, epoch.goodRate(nowNanos));
  }

  /** What succeeds here is all there is to have. */
  private void accept(Outcomes outcomes, long nowNanos) {
    reference = Math.max(0, outcomes.success() - outcomes.deviation());
    sinceReference.clear();
    retrial.await(nowNanos);
    ceiling = 0;
    limit = blame.acquit(limit);
    phase = Phase.CLIMBING;
  }

  private void fall(double success, double rate, double goodRate) {
    blame.accuse(Math.min(limit, rate), success);
    phase = Phase.FALLING;
    ceiling = goodRate;
    growth = MIN_GROWTH;
    double from = Math.min(limit, rate);
    double lowered = blame.isInDoubt() ? from / 2 : Math.max(Math.min(goodRate, from), from / 2);
    limit = Math.max(probeRate(), lowered);
  }

  private void fallToProbe() {
    slack.end();
    phase = Phase.PROBING;
    blame.forget();
    growth = MIN_GROWTH;
    limit = Math.max(probeRate(), limit / 4);
  }

  private void onSuccess(long nowNanos) {
    blame.forget();
    double rate = Math.max(epoch.rate(nowNanos), recentRate(nowNanos));
    boolean wasHeldElsewhere = epoch.wasHeldElsewhere();
    boolean isBeyond = ceiling <= 0 || limit > 1.5 * ceiling;
    if (slack.isOver(rate < limit / 1.25, isBeyond, wasHeldElsewhere, nowNanos)) {
      open();
      return;
    }
    double allowed = reference * (settings.target() + 3) / 4;
    if (isBelow(epoch.outcomes(), allowed)) {
      phase = Phase.HOLDING;
      growth = MIN_GROWTH;
      if (limit > ceiling * HELD_ABOVE) {
        limit = ceiling > 0 ? Math.max(ceiling * HELD_ABOVE, limit * 0.97) : limit;
      }
      return;
    }
    phase = Phase.CLIMBING;
    boolean isFarBelow = ceiling > 0 && limit < ceiling / 2 && !wasHeldElsewhere;
    if (rate < limit / (wasHeldElsewhere ? 1.5 : 2) && !isFarBelow) {
      // What was not given out has not succeeded.
      return;
    }
    if (ceiling <= 0) {
      limit *= limit < healthyRate / 4 ? 3 : 2;
    } else if (limit < ceiling / 2) {
      limit *= 2;
    } else if (limit < 0.9 * ceiling) {
      limit = Math.min(limit * 1.3, 0.95 * ceiling);
    } else {
      limit *= 1 + growth;
      growth = Math.min(MAX_GROWTH, growth * 1.5);
    }
  }

  private void open() {
    phase = Phase.OPEN;
    limit = UNLIMITED;
    blame.settle();
    slack.end();
    ceiling = 0;
    growth = MIN_GROWTH;
  }

  private double accepted() {
    return reference * settings.target();
  }

  private double recentRate(long nowNanos) {
    return recent.at(nowNanos).count() * NANOS_PER_SECOND / RECENT_NANOS;
  }

  private double probeRate() {
    return Math.max(settings.minRate(), PROBE_SHARE * healthyRate);
  }

  /** Whether the outcomes are worse than this by more than chance. */
  private boolean isBelow(Outcomes outcomes, double success) {
    double chance = reference < 1 ? CHANCE_OF_TWO : CHANCE;
    return outcomes.success() + chance * outcomes.deviation() < success;
  }
}
