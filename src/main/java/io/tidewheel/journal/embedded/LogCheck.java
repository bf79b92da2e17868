package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.CommitMark.LogLength;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Compares the log files with the commit mark before RocksDB opens them. Everything up to the mark
 * must be there and whole; what lies behind it was never answered and may be torn.
 */
final class LogCheck {
  private LogCheck() {}

  /** What is missing, one line a finding; empty if all that was acknowledged is there. */
  static List<String> missing(Path database, CommitMark.Position mark) {
    Map<Long, LogFile> files =
        LogFile.list(database).stream()
            .collect(Collectors.toMap(LogFile::number, Function.identity()));
    List<String> findings = new ArrayList<>();
    for (LogLength log : mark.logs()) {
      LogFile file = files.get(log.number());
      if (file != null) {
        LogFile.Intact intact = file.inspect();
        if (intact.bytes() < log.bytes()) {
          findings.add(finding(file, intact, log, mark));
        }
      }
    }
    if (!mark.logs().isEmpty()) {
      // RocksDB removes a log file only after it has begun a later one.
      LogLength last = mark.logs().get(mark.logs().size() - 1);
      if (files.keySet().stream().noneMatch(number -> number >= last.number())) {
        findings.add(
            "the log file "
                + last.number()
                + " is gone, acknowledged up to write "
                + mark.sequence());
      }
    }
    return findings;
  }

  private static String finding(
      LogFile file, LogFile.Intact intact, LogLength log, CommitMark.Position mark) {
    boolean newest = log.equals(mark.logs().get(mark.logs().size() - 1));
    String bytes =
        file.path().getFileName()
            + " is whole up to byte "
            + intact.bytes()
            + " and was acknowledged up to byte "
            + log.bytes();
    if (!newest) {
      return "the log is damaged in the middle: " + bytes;
    }
    if (intact.sequence() == 0) {
      return "the log has no whole write left: " + bytes;
    }
    return "the log ends at write "
        + intact.sequence()
        + " but "
        + mark.sequence()
        + " was acknowledged, "
        + (mark.sequence() - intact.sequence())
        + " writes are missing: "
        + bytes;
  }

  static StoreException refusal(Path directory, List<String> findings) {
    return new StoreException(
        Kind.LOST_WRITES,
        "data directory "
            + directory
            + " has lost acknowledged writes: "
            + String.join("; ", findings)
            + ". Restore the directory from a backup, or start with"
            + " tidewheel.journal.embedded.recovery = accept-loss to go on without them");
  }
}
