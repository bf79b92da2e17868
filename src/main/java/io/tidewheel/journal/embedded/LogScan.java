package io.tidewheel.journal.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Reads every block of the log, also those before the checkpoint, which a start does not read. A
 * block that is not whole is named and passed over, so that all damage is found.
 */
final class LogScan {
  private final LogSegments segments;
  private final LogReplay blocks;

  LogScan(LogSegments segments, LogReplay blocks) {
    this.segments = segments;
    this.blocks = blocks;
  }

  /**
   * Reads segments.
   *
   * @param lengths of the segments that should be there
   * @param finding takes what is wrong, a sentence each
   * @param read takes bytes as they have been read
   */
  void scan(SortedMap<Long, Long> lengths, Consumer<String> finding, LongConsumer read)
      throws IOException {
    long lastSegment = -1;
    long nextSequence = -1;
    for (var each : lengths.entrySet()) {
      long segment = each.getKey();
      if (!segments.exists(segment)) {
        finding.accept("log file " + name(segment) + " is missing");
        nextSequence = -1;
      } else {
        long expected = segment == lastSegment + 1 ? nextSequence : -1;
        nextSequence = scan(segment, each.getValue(), expected, finding, read);
      }
      lastSegment = segment;
    }
  }

  /** Gives the sequence that follows; -1 if it is not known. */
  private long scan(
      long segment, long length, long expected, Consumer<String> finding, LongConsumer read)
      throws IOException {
    long sequence = expected;
    try (FileChannel channel = segments.openToRead(segment)) {
      long at = 0;
      while (at < length) {
        var header = blocks.blockAt(channel, at).filter(found -> found.segment() == segment);
        long next = at;
        if (header.isPresent()) {
          next += header.get().blockBytes();
          if (sequence >= 0 && header.get().sequence() != sequence) {
            finding.accept(
                "log file %s goes on with write %d at byte %d, expected was write %d"
                    .formatted(name(segment), header.get().sequence(), at, sequence));
          }
          sequence = header.get().sequence() + 1;
        } else {
          next = nextBlock(channel, segment, at, length);
          finding.accept(
              "log file %s is damaged between byte %d and byte %d%s"
                  .formatted(
                      name(segment), at, next, sequence < 0 ? "" : ", in write " + sequence));
          sequence = -1;
        }
        read.accept(next - at);
        at = next;
      }
    }
    return sequence;
  }

  private long nextBlock(FileChannel channel, long segment, long damagedAt, long length)
      throws IOException {
    long at = damagedAt + LogBlock.ALIGNMENT;
    while (at < length
        && blocks.blockAt(channel, at).filter(found -> found.segment() == segment).isEmpty()) {
      at += LogBlock.ALIGNMENT;
    }
    return Math.min(at, length);
  }

  private Path name(long segment) {
    return segments.path(segment).getFileName();
  }
}
