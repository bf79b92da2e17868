package io.tidewheel;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the system knows of this process and the JVM does not: resident memory, and bytes that went
 * to storage. Not a number where there is no {@code /proc}.
 */
final class ProcessMetrics implements MeterBinder {
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+([0-9]+) kB");
  private static final Pattern WRITTEN = Pattern.compile("(?m)^write_bytes: ([0-9]+)");
  private static final Pattern READ = Pattern.compile("(?m)^read_bytes: ([0-9]+)");

  private final Path process;

  ProcessMetrics() {
    this(Path.of("/proc/self"));
  }

  ProcessMetrics(Path process) {
    this.process = process;
  }

  /** The meters hold what they measure weakly, so that is the registry itself. */
  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("process.resident.memory", registry, any -> number("status", RESIDENT) * 1024)
        .description("Memory of the process that is in RAM")
        .baseUnit("bytes")
        .register(registry);
    FunctionCounter.builder("process.cpu", registry, any -> cpuSeconds())
        .description("Processor time the process has used")
        .baseUnit("seconds")
        .register(registry);
    FunctionCounter.builder("process.storage.written", registry, any -> number("io", WRITTEN))
        .description("Bytes the process has sent to storage")
        .baseUnit("bytes")
        .register(registry);
    FunctionCounter.builder("process.storage.read", registry, any -> number("io", READ))
        .description("Bytes the process has fetched from storage")
        .baseUnit("bytes")
        .register(registry);
  }

  private static double cpuSeconds() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime() / 1e9
        : Double.NaN;
  }

  private double number(String file, Pattern pattern) {
    try {
      Matcher matcher = pattern.matcher(Files.readString(process.resolve(file)));
      return matcher.find() ? Double.parseDouble(matcher.group(1)) : Double.NaN;
    } catch (IOException e) {
      return Double.NaN;
    }
  }
}
