package io.tidewheel.feedback;

import java.util.Arrays;
import java.util.List;

/**
 * Divides a rate over those who want it: by weight, to nobody more than it can use as long as
 * others can use more, and to everybody who wants anything a part that does not depend on its
 * weight, so that none starves (weighted max-min fairness). Pure.
 */
final class Division {
  /** What is divided without regard to weights. */
  static final double EQUAL_PART = 0.2;

  /**
   * One who wants a part.
   *
   * @param weight its backlog, for instance; not negative
   * @param want the most that it can use; infinite if it uses whatever it gets
   */
  record Claim(double weight, double want) {}

  private Division() {}

  /**
   * The parts, in the order of the claims. Together they are the total, also when less is wanted:
   * what nobody can use now is spread, so that who wants more in the next moment has it.
   */
  static double[] divide(double total, List<Claim> claims) {
    double[] parts = new double[claims.size()];
    double[] weights = weights(claims);
    boolean[] isFull = new boolean[parts.length];
    double left = total;
    for (int round = 0; round < parts.length && left > 0; round++) {
      double open = openWeight(weights, isFull);
      if (open <= 0) {
        break;
      }
      boolean hasFilled = false;
      double share = left / open;
      for (int i = 0; i < parts.length; i++) {
        double want = claims.get(i).want();
        if (!isFull[i] && weights[i] * share >= want) {
          isFull[i] = true;
          hasFilled = true;
          parts[i] = want;
          left -= want;
        }
      }
      if (!hasFilled) {
        for (int i = 0; i < parts.length; i++) {
          parts[i] += isFull[i] ? 0 : weights[i] * share;
        }
        return parts;
      }
    }
    for (int i = 0; i < parts.length; i++) {
      parts[i] += Math.max(0, left) * weights[i];
    }
    return parts;
  }

  /** They sum up to 1. */
  private static double[] weights(List<Claim> claims) {
    double sum = claims.stream().mapToDouble(Claim::weight).sum();
    double[] weights = new double[claims.size()];
    Arrays.fill(weights, 1.0 / Math.max(1, claims.size()));
    if (sum > 0) {
      for (int i = 0; i < weights.length; i++) {
        weights[i] = EQUAL_PART * weights[i] + (1 - EQUAL_PART) * claims.get(i).weight() / sum;
      }
    }
    return weights;
  }

  private static double openWeight(double[] weights, boolean[] isFull) {
    double open = 0;
    for (int i = 0; i < weights.length; i++) {
      open += isFull[i] ? 0 : weights[i];
    }
    return open;
  }
}
