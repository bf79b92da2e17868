package io.tidewheel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Holds this process, and what it starts, to a part of a processor: a control group (version 1, for
 * root) whose turns are so short that nothing stands still for long.
 */
final class ProcessorQuota implements AutoCloseable {
  private static final Path ROOT = Path.of("/sys/fs/cgroup/cpu");
  private static final int PERIOD_MICROS = 10_000;
  private static final String MEMBERS = "cgroup.procs";

  private final Path group;

  private ProcessorQuota(Path group) {
    this.group = group;
  }

  /** Null where such groups cannot be made. */
  static @Nullable ProcessorQuota of(double processors) throws IOException {
    if (!Files.isWritable(ROOT.resolve(MEMBERS))) {
      return null;
    }
    Path group = Files.createDirectory(ROOT.resolve("tidewheel-" + ProcessHandle.current().pid()));
    Files.writeString(group.resolve("cpu.cfs_period_us"), Integer.toString(PERIOD_MICROS));
    Files.writeString(
        group.resolve("cpu.cfs_quota_us"), Integer.toString((int) (processors * PERIOD_MICROS)));
    move(group, ProcessHandle.current().pid());
    return new ProcessorQuota(group);
  }

  /** Lets a process that was started meanwhile have all it can get. */
  void free(long pid) throws IOException {
    move(ROOT, pid);
  }

  private static void move(Path group, long pid) throws IOException {
    Files.writeString(group.resolve(MEMBERS), Long.toString(pid));
  }

  @Override
  public void close() throws IOException {
    move(ROOT, ProcessHandle.current().pid());
    Files.delete(group);
  }
}
