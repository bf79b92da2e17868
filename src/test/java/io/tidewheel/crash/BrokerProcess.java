package io.tidewheel.crash;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One broker process, from its start to its end; its output goes to a file. */
final class BrokerProcess {
  private static final long READY_SECONDS = 60;
  private static final long STOP_SECONDS = 60;
  private static final long POLL_MILLIS = 20;

  private final Process process;
  private final BrokerClient client;
  private final Path log;
  private final long startNanos = System.nanoTime();

  private BrokerProcess(Process process, BrokerClient client, Path log) {
    this.process = process;
    this.client = client;
    this.log = log;
  }

  /** Starts it; it is not ready yet. */
  static BrokerProcess start(
      Path program, Path data, int port, Path log, String javaOptions, BrokerClient client)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                program.toString(),
                "start",
                "--data",
                data.toString(),
                "--port",
                Integer.toString(port))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    if (!javaOptions.isEmpty()) {
      Map<String, String> environment = builder.environment();
      environment.merge("TIDEWHEEL_JAVA_OPTS", javaOptions, (a, b) -> a + ' ' + b);
    }
    Process process = builder.start();
    // Whatever ends this test ends its broker, by its id.
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    return new BrokerProcess(process, client, log);
  }

  /** Waits until it serves; how long it took in milliseconds. */
  long awaitReady() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
    while (System.nanoTime() < deadline) {
      if (isReady()) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
      }
      if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "the broker ended with " + process.exitValue() + " instead of starting:\n" + output());
      }
    }
    throw new IOException("the broker was not ready within " + READY_SECONDS + " s:\n" + output());
  }

  private boolean isReady() throws InterruptedException {
    try {
      return client.get("/health/ready").status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** kill -9, and waits until the process is gone. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** SIGTERM, as an operator stops it; false if it did not end by itself. */
  boolean stop() throws InterruptedException {
    process.destroy();
    if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
      return true;
    }
    kill();
    return false;
  }

  /** Waits for an end nobody asked for; the exit code, or -1 if it goes on and had to be killed. */
  int awaitRefusal() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
    while (System.nanoTime() < deadline && !isReady()) {
      if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        return process.exitValue();
      }
    }
    kill();
    return -1;
  }

  String output() throws IOException {
    return Files.readString(log, StandardCharsets.UTF_8);
  }
}
