package io.tidewheel.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Asks what the broker's process has used: its metrics, or the system if the process is known. */
final class ServerProbe {
  /** Of the clock in which Linux counts CPU time for other processes. */
  private static final double TICKS_PER_SECOND = 100;

  /**
   * Totals since the process began; not a number where unknown.
   *
   * @param writtenBytes sent to storage
   */
  record Usage(double cpuSeconds, double residentBytes, double writtenBytes) {
    static final Usage UNKNOWN = new Usage(Double.NaN, Double.NaN, Double.NaN);
  }

  private final BrokerConnection connection;
  private final @Nullable Long pid;

  ServerProbe(BrokerConnection connection, @Nullable Long pid) {
    this.connection = connection;
    this.pid = pid;
  }

  Usage read() throws InterruptedException {
    try {
      return pid == null ? ofMetrics() : ofProcess(Path.of("/proc", pid.toString()));
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.USAGE, "--pid " + pid + ": cannot be looked at: " + e.getMessage(), e);
    }
  }

  private Usage ofMetrics() throws InterruptedException {
    Answer answer = connection.get("/metrics");
    if (!answer.isSuccess()) {
      return Usage.UNKNOWN;
    }
    String text = new String(answer.body(), StandardCharsets.UTF_8);
    return new Usage(
        sample(text, "process_cpu_seconds_total "),
        sample(text, "process_resident_memory_bytes "),
        sample(text, "process_storage_written_bytes_total "));
  }

  private static Usage ofProcess(Path process) throws IOException {
    String stat = Files.readString(process.resolve("stat"));
    // The name of the program stands in brackets and may hold blanks.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    double ticks = Double.parseDouble(fields[11]) + Double.parseDouble(fields[12]);
    String status = Files.readString(process.resolve("status"));
    String io = Files.readString(process.resolve("io"));
    return new Usage(
        ticks / TICKS_PER_SECOND, sample(status, "VmRSS:") * 1024, sample(io, "write_bytes:"));
  }

  /** The number behind a name at the beginning of a line. */
  private static double sample(String text, String name) {
    return text.lines()
        .filter(line -> line.startsWith(name))
        .findFirst()
        .map(line -> Double.parseDouble(line.substring(name.length()).replace("kB", "").strip()))
        .orElse(Double.NaN);
  }
}
