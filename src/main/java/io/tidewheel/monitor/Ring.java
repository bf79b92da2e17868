package io.tidewheel.monitor;

import java.util.ArrayList;
import java.util.List;

/** An hour of points, a point every ten seconds; the oldest goes when the newest comes. Pure. */
final class Ring {
  static final int STEP_SECONDS = 10;
  static final int POINTS = 3_600 / STEP_SECONDS;

  private final long[] backlog = new long[POINTS];
  private final float[] in = new float[POINTS];
  private final float[] out = new float[POINTS];
  private final float[] failed = new float[POINTS];
  private int first;
  private int count;

  /** One moment. */
  record Point(long backlog, Rates rates) {
    static final Point NOTHING = new Point(0, Rates.NONE);

    Point plus(Point other) {
      return new Point(backlog + other.backlog, rates.plus(other.rates));
    }

    /** How much happens, to say which topics are the busiest. */
    double weight() {
      return backlog + rates.in() + rates.out();
    }
  }

  void add(Point point) {
    int at = (first + count) % POINTS;
    if (count == POINTS) {
      first = (first + 1) % POINTS;
    } else {
      count++;
    }
    backlog[at] = point.backlog();
    in[at] = (float) point.rates().in();
    out[at] = (float) point.rates().out();
    failed[at] = (float) point.rates().failed();
  }

  History history(long endMillis) {
    List<Long> backlogs = new ArrayList<>(count);
    List<Double> ins = new ArrayList<>(count);
    List<Double> outs = new ArrayList<>(count);
    List<Double> faileds = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = (first + i) % POINTS;
      backlogs.add(backlog[at]);
      ins.add(rounded(in[at]));
      outs.add(rounded(out[at]));
      faileds.add(rounded(failed[at]));
    }
    return new History(endMillis, STEP_SECONDS * 1_000L, backlogs, ins, outs, faileds);
  }

  private static double rounded(float rate) {
    return Math.round(rate * 100.0) / 100.0;
  }
}
