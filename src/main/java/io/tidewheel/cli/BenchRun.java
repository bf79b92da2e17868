package io.tidewheel.cli;

import com.sun.management.OperatingSystemMXBean;
import io.tidewheel.cli.load.LoadPlan;
import io.tidewheel.cli.load.LoadRun;
import io.tidewheel.cli.load.Operation;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** A measurement from warm-up to figures, with a progress line. */
final class BenchRun {
  private static final long WINDOW_AHEAD_NANOS = 20_000_000;
  private static final Duration CATCH_UP = Duration.ofSeconds(30);
  private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Terminal terminal;
  private final LoadPlan plan;
  private final BenchOptions bench;
  private final ServerProbe probe;
  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final List<Long> perSecond = new ArrayList<>();
  private double peakResidentBytes = Double.NaN;
  private long nextProbeNanos;
  private long nextSecondNanos;
  private long messagesShown;
  private final BenchMonitors monitors;
  private volatile boolean isInterrupted;

  BenchRun(
      Terminal terminal,
      LoadPlan plan,
      BenchOptions bench,
      ServerProbe probe,
      BenchMonitors monitors) {
    this.monitors = monitors;
    this.terminal = terminal;
    this.plan = plan;
    this.bench = bench;
    this.probe = probe;
  }

  BenchFigures measure() throws InterruptedException {
    if (plan.mode() == LoadPlan.Mode.ACK) {
      fill();
    }
    double loadBefore = system.getSystemLoadAverage();
    LoadRun run = new LoadRun(plan, terminal.nanoTime());
    ProgressLine progress = new ProgressLine(terminal);
    try (Interruption interruption =
        Interruption.watch(() -> isInterrupted = true, Duration.ofSeconds(10))) {
      boolean isWarmingUp = !bench.warmedUp().isZero();
      if (isWarmingUp) {
        run.start();
        wait(run, progress, "warm-up", bench.warmedUp());
        perSecond.clear();
      }
      ServerProbe.Usage before = probe.read();
      long cpuBefore = system.getProcessCpuTime();
      // Ahead while threads send: each must know where the window begins before it sends in it.
      long startNanos = now() + (isWarmingUp ? WINDOW_AHEAD_NANOS : 0);
      nextSecondNanos = startNanos + TimeUnit.SECONDS.toNanos(1);
      run.measureFrom(startNanos);
      monitors.begin();
      if (!isWarmingUp) {
        run.start();
      }
      wait(run, progress, plan.mode().name().toLowerCase(Locale.ROOT), bench.measured());
      run.endWindow(now());
      monitors.close();
      long missing = catchUp(run, progress);
      run.stop();
      double probedSeconds = (now() - startNanos) / 1e9;
      ServerProbe.Usage after = run.fatal() == null ? probe.read() : ServerProbe.Usage.UNKNOWN;
      double generatorSeconds = (system.getProcessCpuTime() - cpuBefore) / 1e9;
      progress.clear();
      failIfAborted(run);
      double messages = Math.max(1, counted(run));
      peakResidentBytes = Math.max(after.residentBytes(), peak());
      BenchFigures figures = new BenchFigures(run, primary(), counted(run), perSecond);
      return monitors
          .tell(figures)
          .with("cpu", (after.cpuSeconds() - before.cpuSeconds()) * 1e6 / messages)
          .with("cores", (after.cpuSeconds() - before.cpuSeconds()) / probedSeconds)
          .with("rss", peakResidentBytes / (1 << 20))
          .with("written", written(before, after, messages))
          .with("generatorCpu", generatorSeconds * 1e6 / messages)
          .with("generatorCores", generatorSeconds / probedSeconds)
          .with("missing", (double) missing)
          .with("interrupted", interruption.isRequested() ? 1 : Double.NaN)
          .with("loadBefore", loadBefore)
          .with("loadAfter", system.getSystemLoadAverage());
    }
  }

  private double written(ServerProbe.Usage before, ServerProbe.Usage after, double messages) {
    return plan.mode() == LoadPlan.Mode.PUBLISH || plan.mode() == LoadPlan.Mode.BOTH
        ? (after.writtenBytes() - before.writtenBytes()) / messages / plan.payloadBytes()
        : Double.NaN;
  }

  /** Publishes what the mode ack then acks. */
  private void fill() throws InterruptedException {
    int batch = Math.max(1, Math.min(500, (2 << 20) / plan.payloadBytes()));
    LoadPlan fill = plan.withMode(LoadPlan.Mode.PUBLISH, 4, 0, bench.receipts()).withBatch(batch);
    LoadRun run = new LoadRun(fill, terminal.nanoTime());
    ProgressLine progress = new ProgressLine(terminal);
    run.measureFrom(now());
    run.start();
    while (!run.isDone()) {
      TimeUnit.NANOSECONDS.sleep(LoadRun.sampleInterval().toNanos());
      long count = run.publishedCount();
      String line = String.format(Locale.ROOT, "publishing %,d messages", count);
      progress.show(line, count, count / (double) fill.maxMessages());
    }
    progress.clear();
    failIfAborted(run);
  }

  /** After the last publish: until the consumers have everything. Gives what did not come. */
  private long catchUp(LoadRun run, ProgressLine progress) throws InterruptedException {
    if (plan.mode() != LoadPlan.Mode.BOTH) {
      return 0;
    }
    long wanted = 0;
    long end = now() + CATCH_UP.toNanos();
    while (now() < end && !isInterrupted && !run.isDone()) {
      wanted = run.publishedCount() * plan.subscriptions().size();
      if (run.ackedCount() >= wanted) {
        break;
      }
      step(run, progress, "catching up", -1, end);
    }
    return Math.max(0, wanted - run.ackedCount());
  }

  private void wait(LoadRun run, ProgressLine progress, String what, Duration time)
      throws InterruptedException {
    long start = now();
    long end = start + time.toNanos();
    while (now() < end && !run.isDone() && !isInterrupted && !run.isWindowOver()) {
      double part =
          plan.maxMessages() < Long.MAX_VALUE / 8
              ? counted(run) / (double) plan.maxMessages()
              : (now() - start) / (double) time.toNanos();
      step(run, progress, what, part, end);
    }
  }

  private void step(LoadRun run, ProgressLine progress, String what, double part, long endNanos)
      throws InterruptedException {
    long pause = Math.min(LoadRun.sampleInterval().toNanos(), endNanos - now());
    TimeUnit.NANOSECONDS.sleep(Math.max(1_000_000, pause));
    run.sample();
    long now = now();
    if (now >= nextSecondNanos) {
      long count = counted(run);
      perSecond.add(count - messagesShown);
      monitors.second(count - messagesShown);
      messagesShown = count;
      nextSecondNanos += TimeUnit.SECONDS.toNanos(1);
    }
    if (now >= nextProbeNanos && run.fatal() == null) {
      peakResidentBytes = Math.max(peak(), probe.read().residentBytes());
      nextProbeNanos = now + PROBE_NANOS;
    }
    long count = counted(run);
    String line =
        String.format(
            Locale.ROOT,
            "%s %,d messages, p50 %.1f ms, p99 %.1f ms, %d failed",
            what,
            count,
            run.latencies(primary()).getValueAtPercentile(50) / 1e6,
            run.latencies(primary()).getValueAtPercentile(99) / 1e6,
            run.failures().values().stream().mapToLong(n -> n).sum());
    progress.show(line, count, part);
  }

  private double peak() {
    return Double.isNaN(peakResidentBytes) ? 0 : peakResidentBytes;
  }

  private static void failIfAborted(LoadRun run) {
    String fatal = run.fatal();
    if (fatal != null) {
      throw new CommandFailure(ExitCodes.UNREACHABLE, fatal);
    }
  }

  /** Whose latencies count. */
  private Operation primary() {
    return switch (plan.mode()) {
      case PUBLISH -> Operation.PUBLISH;
      case BOTH -> Operation.END_TO_END;
      case EMPTY -> Operation.EMPTY;
      case CONSUME, ACK -> Operation.ACK;
    };
  }

  /** Messages that went all the way. */
  private long counted(LoadRun run) {
    return plan.mode() == LoadPlan.Mode.BOTH ? run.ackedCount() : run.messages(primary());
  }

  private long now() {
    return terminal.nanoTime().getAsLong();
  }
}
