package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * How far the log has been acknowledged: RocksDB's last sequence number, and for the newest log
 * files how many bytes were flushed before somebody was answered.
 *
 * <p>RocksDB reads its log up to the first incomplete record and cannot know whether more was ever
 * there. This file can: it is moved on after each flush and before the answers, through a memory
 * mapping, so that it survives the death of the process. After a power failure it may be behind the
 * log (it is forced to disk about once a second), never ahead of it. Two slots are written in turn,
 * each with a checksum, so one of them is always whole.
 *
 * <p>Moved by one thread; forced by any.
 */
final class CommitMark {
  static final String FILE = "commit-mark";

  /** More log files than can be alive at once with the store's limits; the oldest fall out. */
  static final int MAX_LOGS = 16;

  private static final int SLOT_BYTES = 512;
  private static final int MAGIC = 0x5457_4d31;

  /** A log file and how many of its bytes have been acknowledged. */
  record LogLength(long number, long bytes) {}

  /** Contents of a slot. */
  record Position(long turn, long sequence, List<LogLength> logs) {
    static final Position NONE = new Position(0, 0, List.of());
  }

  private final MappedByteBuffer slots;
  private Position position;
  private volatile boolean dirty;

  private CommitMark(MappedByteBuffer slots, Position position) {
    this.slots = slots;
    this.position = position;
  }

  /** Writes an empty mark, when a data directory is made. */
  static void create(Path directory) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(2 * SLOT_BYTES);
    put(bytes, Position.NONE);
    try (FileChannel channel =
        FileChannel.open(
            directory.resolve(FILE),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      channel.write(bytes.clear());
      channel.force(true);
    }
  }

  /**
   * Opens the mark of a data directory.
   *
   * @param acceptLoss start again from an empty mark if there is none that can be read
   * @throws StoreException {@link Kind#CORRUPT} if there is none and that is not accepted
   */
  static CommitMark open(Path directory, boolean acceptLoss) {
    Path file = directory.resolve(FILE);
    try {
      if (!Files.exists(file) || Files.size(file) != 2 * SLOT_BYTES) {
        if (!acceptLoss) {
          throw unreadable(file);
        }
        create(directory);
      }
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        MappedByteBuffer slots = channel.map(FileChannel.MapMode.READ_WRITE, 0, 2 * SLOT_BYTES);
        Optional<Position> newest = newest(slots);
        if (newest.isEmpty() && !acceptLoss) {
          throw unreadable(file);
        }
        return new CommitMark(slots, newest.orElse(Position.NONE));
      }
    } catch (IOException e) {
      throw new StoreException(Kind.IO, file + " cannot be used: " + e.getMessage(), e);
    }
  }

  private static StoreException unreadable(Path file) {
    return new StoreException(
        Kind.CORRUPT,
        file
            + " is missing or damaged, so it is not known whether acknowledged writes are missing"
            + " from the log: restore the directory from a backup or start with"
            + " tidewheel.journal.embedded.recovery = accept-loss");
  }

  Position position() {
    return position;
  }

  /** Moves on after a flush: the log now ends with {@code sequence}, {@code bytes} into a file. */
  void advance(long sequence, long logNumber, long bytes) {
    List<LogLength> logs = new ArrayList<>(position.logs());
    if (!logs.isEmpty() && logs.get(logs.size() - 1).number() == logNumber) {
      logs.remove(logs.size() - 1);
    }
    logs.add(new LogLength(logNumber, bytes));
    if (logs.size() > MAX_LOGS) {
      logs.remove(0);
    }
    write(new Position(position.turn() + 1, sequence, logs));
  }

  /** Forgets the log: what it holds now is what counts. */
  void restart(long sequence) {
    write(new Position(position.turn() + 1, sequence, List.of()));
  }

  /** Puts the mark on disk if it moved since. */
  void force() {
    if (dirty) {
      dirty = false;
      slots.force();
    }
  }

  private void write(Position next) {
    ByteBuffer slot = slots.slice((int) (next.turn() & 1) * SLOT_BYTES, SLOT_BYTES);
    put(slot, next);
    position = next;
    dirty = true;
  }

  private static void put(ByteBuffer slot, Position position) {
    slot.putInt(MAGIC).putLong(position.turn()).putLong(position.sequence());
    slot.putInt(position.logs().size());
    for (LogLength log : position.logs()) {
      slot.putLong(log.number()).putLong(log.bytes());
    }
    slot.putInt(checksum(slot, slot.position()));
  }

  private static Optional<Position> newest(ByteBuffer slots) {
    Optional<Position> first = read(slots.slice(0, SLOT_BYTES));
    Optional<Position> second = read(slots.slice(SLOT_BYTES, SLOT_BYTES));
    if (first.isPresent() && second.isPresent()) {
      return first.get().turn() > second.get().turn() ? first : second;
    }
    return first.isPresent() ? first : second;
  }

  private static Optional<Position> read(ByteBuffer slot) {
    if (slot.getInt() != MAGIC) {
      return Optional.empty();
    }
    long turn = slot.getLong();
    long sequence = slot.getLong();
    int count = slot.getInt();
    if (count < 0 || count > MAX_LOGS) {
      return Optional.empty();
    }
    List<LogLength> logs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      logs.add(new LogLength(slot.getLong(), slot.getLong()));
    }
    int end = slot.position();
    return slot.getInt() == checksum(slot, end)
        ? Optional.of(new Position(turn, sequence, List.copyOf(logs)))
        : Optional.empty();
  }

  private static int checksum(ByteBuffer slot, int length) {
    CRC32C crc = new CRC32C();
    crc.update(slot.duplicate().position(0).limit(length));
    return (int) crc.getValue();
  }
}
