package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.CommitMark.LogLength;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares what was found with what was acknowledged: the end of the log with the commit mark, and
 * the files with those that the index points to. What lies behind the mark was never answered and
 * may be torn.
 */
final class LogCheck {
  private LogCheck() {}

  /** What is missing from the log before a checkpoint, one line a finding. */
  static List<String> missing(LogSegments segments, Checkpoint checkpoint) {
    Map<Long, Long> lengths = new TreeMap<>(checkpoint.sealed());
    lengths.put(checkpoint.from().segment(), checkpoint.from().offset());
    List<String> findings = new ArrayList<>();
    lengths.forEach(
        (segment, bytes) -> {
          try {
            long found = segments.fileBytes(segment);
            if (found < bytes) {
              findings.add(
                  "log file "
                      + name(segments, segment)
                      + " has "
                      + found
                      + " bytes, acknowledged were "
                      + bytes);
            }
          } catch (IOException e) {
            throw new StoreException(Kind.IO, "the log cannot be read: " + e.getMessage(), e);
          }
        });
    return findings;
  }

  /** What is missing behind the end of the log as it was read. */
  static List<String> missing(
      LogSegments segments, LogReplay replay, LogPosition end, CommitMark.Position mark) {
    List<String> findings = new ArrayList<>();
    long last = end.sequence() - 1;
    if (last < mark.sequence()) {
      String acknowledged =
          mark.logs().isEmpty() ? "" : ", acknowledged up to " + place(segments, mark.logs());
      findings.add(
          "the log ends at write "
              + last
              + " but "
              + mark.sequence()
              + " was acknowledged, "
              + (mark.sequence() - last)
              + " writes are missing: "
              + name(segments, end.segment())
              + " is whole up to byte "
              + end.offset()
              + acknowledged);
      return findings;
    }
    try {
      for (long segment : segments.filesBehind(end.segment())) {
        replay
            .firstOf(segment)
            .ifPresent(
                first ->
                    findings.add(
                        "the log is damaged in the middle: "
                            + name(segments, end.segment())
                            + " is whole up to write "
                            + last
                            + ", but "
                            + name(segments, segment)
                            + " goes on with write "
                            + first.sequence()));
      }
    } catch (IOException e) {
      throw new StoreException(Kind.IO, "the log cannot be read: " + e.getMessage(), e);
    }
    return findings;
  }

  private static String place(LogSegments segments, List<LogLength> logs) {
    LogLength last = logs.get(logs.size() - 1);
    return "byte " + last.bytes() + " of " + name(segments, last.number());
  }

  private static Path name(LogSegments segments, long segment) {
    return segments.path(segment).getFileName();
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
