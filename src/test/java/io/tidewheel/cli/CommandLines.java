package io.tidewheel.cli;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.SplittableRandom;

/** Runs commands in this process as a shell would, except {@code start}. */
final class CommandLines {
  private CommandLines() {}

  /** Gives the exit code. */
  static int run(byte[] input, OutputStream out, OutputStream err, String... arguments) {
    Terminal terminal =
        new Terminal(
            new ByteArrayInputStream(input),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            System::nanoTime,
            InstantSource.system(),
            new SplittableRandom(1));
    return Main.run(
        terminal,
        config -> {
          throw new AssertionError("no node is started");
        },
        arguments);
  }
}
