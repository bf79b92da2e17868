package io.tidewheel.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * What a command knows of the world outside: streams, time and dice.
 *
 * @param isInteractive whether standard error is watched by a person
 * @param nanoTime a clock that only grows
 * @param clock the time of day
 */
record Terminal(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean isInteractive,
    LongSupplier nanoTime,
    InstantSource clock,
    RandomGenerator random) {
  private static final int OUT_BUFFER_BYTES = 64 << 10;

  /** The process's own. Standard output is buffered: whoever writes payloads flushes. */
  static Terminal system() {
    PrintStream out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUT_BUFFER_BYTES),
            false,
            StandardCharsets.UTF_8);
    return new Terminal(
        System.in,
        out,
        System.err,
        isErrWatched(),
        System::nanoTime,
        InstantSource.system(),
        new SecureRandom());
  }

  /** Java cannot tell for one stream alone; where Linux does not tell either, nobody is assumed. */
  private static boolean isErrWatched() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  /** One line on standard error. */
  void say(String line) {
    err.println(line);
  }

  /** One line on standard output. */
  void print(String line) {
    out.println(line);
    out.flush();
  }
}
