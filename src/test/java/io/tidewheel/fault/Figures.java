package io.tidewheel.fault;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** What the answers of a run come to. Shares are of 1, NaN if there was nothing to count. */
final class Figures {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final List<Call> calls;
  private final List<Fault> faults;
  private final long startNanos;
  private final long endNanos;

  /**
   * Of a run of load.
   *
   * @param startNanos of the load
   * @param endNanos of the load
   */
  Figures(List<Call> calls, List<Fault> faults, long startNanos, long endNanos) {
    this.calls = List.copyOf(calls);
    this.faults = List.copyOf(faults);
    this.startNanos = startNanos;
    this.endNanos = endNanos;
  }

  /** First tries that worked while a fault lasted, of messages bound to queues it did not hit. */
  double othersFirstTry() {
    return share(call -> isBound(call) && isHit(call, false), Call::isFirstTryOk);
  }

  /** The same of queues it did hit. */
  double hitFirstTry() {
    return share(call -> isBound(call) && isHit(call, true), Call::isFirstTryOk);
  }

  /** All messages whose caller tries again on another node, over the whole run. */
  double withRetry() {
    return share(call -> call.kind().isRetried(), Call::isOk);
  }

  /** Messages without key and id, tried once, from the third second of a fault on. */
  double free() {
    return share(
        call ->
            call.kind() == CallKind.FREE
                && faults.stream()
                    .anyMatch(
                        fault ->
                            fault.isDuring(call.startNanos())
                                && call.startNanos() - fault.startNanos() >= 2 * SECOND),
        Call::isOk);
  }

  /** Publishes of the load whose first try did not work. */
  long errors() {
    return calls.stream()
        .filter(call -> call.kind() != CallKind.PROBE && !call.isFirstTryOk())
        .count();
  }

  /** Retried publishes that did not work at all. */
  long failedWithRetry() {
    return calls.stream().filter(call -> call.kind().isRetried() && !call.isOk()).count();
  }

  /** Longest time between two answers of a queue that something was stored, in milliseconds. */
  long longestGapMillis() {
    long longest = 0;
    for (int queue = 0; queue < Workload.QUEUES; queue++) {
      longest = Math.max(longest, gapMillis(queue));
    }
    return longest;
  }

  long gapMillis(int queue) {
    return TimeUnit.NANOSECONDS.toMillis(longestGap(queue, startNanos, endNanos));
  }

  /**
   * Longest time between two such answers after a fault was healed and each queue had answered once
   * more, in milliseconds: what it costs that queues go back to where they were.
   */
  long longestGapAfterHealMillis() {
    long longest = 0;
    for (int i = 0; i < faults.size(); i++) {
      long from = faults.get(i).healNanos();
      long to = i + 1 < faults.size() ? faults.get(i + 1).startNanos() : endNanos;
      for (int queue = 0; queue < Workload.QUEUES; queue++) {
        long first = firstStored(queue, startNanos, from, to);
        longest = Math.max(longest, longestGap(queue, first, to));
      }
    }
    return TimeUnit.NANOSECONDS.toMillis(longest);
  }

  private long longestGap(int queue, long from, long to) {
    long[] ends =
        calls.stream()
            .filter(call -> call.storedIn() == queue)
            .mapToLong(Call::endNanos)
            .filter(nanos -> nanos - from >= 0 && nanos - to < 0)
            .sorted()
            .toArray();
    long longest = 0;
    long before = from;
    for (long nanos : ends) {
      longest = Math.max(longest, nanos - before);
      before = nanos;
    }
    return Math.max(longest, to - before);
  }

  /**
   * For each fault and each queue it hit, how long it was from the fault until something begun
   * after it was stored there; in milliseconds, sorted. What never worked again counts to the end.
   */
  List<Long> firstSuccessMillis(boolean isFromHeal) {
    List<Long> times = new ArrayList<>();
    for (Fault fault : faults) {
      long from = isFromHeal ? fault.healNanos() : fault.startNanos();
      for (int queue : fault.queues()) {
        long first = firstStored(queue, fault.startNanos(), from, endNanos);
        times.add(TimeUnit.NANOSECONDS.toMillis(first - from));
      }
    }
    times.sort(null);
    return times;
  }

  /**
   * When a queue first stored, from a moment on, what was begun after another; the end if never.
   */
  private long firstStored(int queue, long begunNanos, long fromNanos, long endNanos) {
    return calls.stream()
        .filter(call -> call.storedIn() == queue && call.startNanos() - begunNanos >= 0)
        .mapToLong(Call::endNanos)
        .filter(nanos -> nanos - fromNanos >= 0 && nanos - endNanos < 0)
        .min()
        .orElse(endNanos);
  }

  /** The value that this share of a sorted list does not exceed; NaN of an empty one. */
  static double quantile(List<Long> sorted, double share) {
    return sorted.isEmpty()
        ? Double.NaN
        : sorted.get(
            (int) Math.min(sorted.size() - 1L, (long) Math.ceil(share * sorted.size()) - 1));
  }

  /** Tries at one broker that it took, of those begun in a stretch of time. */
  long taken(int broker, long fromNanos, long toNanos) {
    return calls.stream()
        .filter(call -> isProbe(call, broker, fromNanos, toNanos) && call.isOk())
        .count();
  }

  long probes(int broker, long fromNanos, long toNanos) {
    return calls.stream().filter(call -> isProbe(call, broker, fromNanos, toNanos)).count();
  }

  /** How long after a moment a broker first answered 503 to a try begun after it; -1: never. */
  long first503Millis(int broker, long fromNanos, long toNanos) {
    return calls.stream()
        .filter(call -> isProbe(call, broker, fromNanos, toNanos) && call.status() == 503)
        .mapToLong(call -> TimeUnit.NANOSECONDS.toMillis(call.endNanos() - fromNanos))
        .min()
        .orElse(-1);
  }

  /** The longest time a request took, tries apart, in milliseconds. */
  long longestTryMillis() {
    return calls.stream()
        .filter(call -> !call.kind().isRetried() && call.kind() != CallKind.PROBE)
        .mapToLong(call -> TimeUnit.NANOSECONDS.toMillis(call.endNanos() - call.startNanos()))
        .max()
        .orElse(0);
  }

  /** Of messages that worked at the first try, in milliseconds. */
  double latencyMillis(double quantile) {
    List<Long> times =
        new ArrayList<>(
            calls.stream()
                .filter(Call::isFirstTryOk)
                .map(call -> TimeUnit.NANOSECONDS.toMillis(call.endNanos() - call.startNanos()))
                .toList());
    times.sort(null);
    return quantile(times, quantile);
  }

  /** A line of numbers by the second of the load in which a message was begun; NaN: none was. */
  enum Line {
    FIRST_TRY_OTHERS,
    FIRST_TRY_HIT,
    WITH_RETRY,
    FREE
  }

  double[] perSecond(Line line) {
    int seconds = (int) ((endNanos - startNanos + SECOND - 1) / SECOND);
    long[] all = new long[seconds];
    long[] good = new long[seconds];
    for (Call call : calls) {
      int second = (int) ((call.startNanos() - startNanos) / SECOND);
      if (second >= 0 && second < seconds && isOn(line, call)) {
        all[second]++;
        boolean isGood = line == Line.WITH_RETRY ? call.isOk() : call.isFirstTryOk();
        good[second] += isGood ? 1 : 0;
      }
    }
    double[] shares = new double[seconds];
    Arrays.setAll(shares, i -> all[i] == 0 ? Double.NaN : (double) good[i] / all[i]);
    return shares;
  }

  private boolean isOn(Line line, Call call) {
    return switch (line) {
      case FIRST_TRY_OTHERS -> isBound(call) && !isEverHit(call);
      case FIRST_TRY_HIT -> isBound(call) && isEverHit(call);
      case WITH_RETRY -> call.kind().isRetried();
      case FREE -> call.kind() == CallKind.FREE;
    };
  }

  /** Hit by the newest fault that had begun, or the first one before that. */
  private boolean isEverHit(Call call) {
    Fault newest = null;
    for (Fault fault : faults) {
      if (newest == null || fault.startNanos() - call.startNanos() <= 0) {
        newest = fault;
      }
    }
    return newest != null && newest.queues().contains(call.boundTo());
  }

  private static boolean isProbe(Call call, int broker, long fromNanos, long toNanos) {
    return call.kind() == CallKind.PROBE
        && call.broker() == broker
        && call.startNanos() - fromNanos >= 0
        && call.startNanos() - toNanos < 0;
  }

  private static boolean isBound(Call call) {
    return call.boundTo() >= 0 && call.kind() != CallKind.PROBE;
  }

  private boolean isHit(Call call, boolean isWanted) {
    return faults.stream()
        .anyMatch(
            fault ->
                fault.isDuring(call.startNanos())
                    && fault.queues().contains(call.boundTo()) == isWanted);
  }

  private double share(Predicate<Call> isCounted, Predicate<Call> isGood) {
    long all = calls.stream().filter(isCounted).count();
    long good = calls.stream().filter(isCounted.and(isGood)).count();
    return all == 0 ? Double.NaN : (double) good / all;
  }
}
