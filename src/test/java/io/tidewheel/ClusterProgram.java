package io.tidewheel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Runs {@code bin/cluster} on a directory. */
public final class ClusterProgram {
  private final Path directory;

  public ClusterProgram(Path directory) {
    this.directory = directory;
  }

  /**
   * Runs a command and waits for its end.
   *
   * @return what it printed
   * @throws IOException if it failed, with what it said
   */
  public String run(List<String> arguments) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add("bin/cluster");
    line.addAll(arguments);
    line.addAll(List.of("--dir", directory.toString()));
    Path output = Files.createTempFile("cluster", ".out");
    Path errors = Files.createTempFile("cluster", ".err");
    try {
      // Not a pipe: what it starts would keep it open.
      Process process =
          new ProcessBuilder(line)
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile())
              .start();
      int exitCode = process.waitFor();
      String text = Files.readString(output);
      if (exitCode != 0) {
        throw new IOException(
            line + " ended with " + exitCode + ": " + text + Files.readString(errors));
      }
      return text;
    } finally {
      Files.delete(output);
      Files.delete(errors);
    }
  }

  /** Where the options of {@code start} say that a new cluster listens. */
  public static List<String> portOptions() throws IOException {
    int port = freePorts();
    return List.of(
        "--port",
        Integer.toString(port),
        "--cassandra-port",
        Integer.toString(port + 10),
        "--storage-port",
        Integer.toString(port + 11));
  }

  /**
   * The first of some that nobody uses, for brokers, one and two thousand above them, and for
   * Cassandra. Below those that the system gives to whoever asks for any.
   */
  private static int freePorts() throws IOException {
    SplittableRandom random = new SplittableRandom();
    for (int tries = 0; tries < 100; tries++) {
      int port = 12_000 + random.nextInt(1_800) * 10;
      if (areFree(port, 0, 1, 2, 10, 11, 12, 1_000, 1_001, 1_002, 2_000, 2_001, 2_002)) {
        return port;
      }
    }
    throw new IOException("no ports are free");
  }

  private static boolean areFree(int port, int... offsets) {
    for (int offset : offsets) {
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port + offset));
      } catch (IOException e) {
        return false;
      }
    }
    return true;
  }
}
