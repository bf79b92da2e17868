package io.tidewheel.journal.embedded;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** Settings, rows and crash images for tests of the store. */
final class StoreFixture {
  private StoreFixture() {}

  static EmbeddedStoreSettings settings(String overrides) {
    Config reference = ConfigFactory.defaultReference();
    return EmbeddedStoreSettings.from(
        ConfigFactory.parseString(overrides)
            .withFallback(reference.getConfig("tidewheel.journal.embedded")));
  }

  static EmbeddedStore open(Path directory) {
    return EmbeddedStore.open(directory, settings(""));
  }

  static EmbeddedStore open(Path directory, String overrides) {
    return EmbeddedStore.open(directory, settings(overrides));
  }

  static EncodedRow row(String persistenceId, long seqNr, byte[] payload) {
    return RowCodec.encode(
        RowKey.prefix(persistenceId),
        new StoredRow(
            seqNr,
            seqNr - 1,
            seqNr,
            "writer",
            "",
            Optional.empty(),
            new StoredRow.Serialized(4, "m", ByteBuffer.wrap(payload)),
            0));
  }

  static byte[] payload(long seqNr, int size) {
    byte[] payload = new byte[size];
    for (int i = 0; i < size; i++) {
      payload[i] = (byte) (seqNr * 31 + i * 7L + (i >> 8));
    }
    return payload;
  }

  static void append(EmbeddedStore store, String persistenceId, long from, long to, int size) {
    for (long seqNr = from; seqNr <= to; seqNr++) {
      store
          .append(
              persistenceId, seqNr - 1, List.of(row(persistenceId, seqNr, payload(seqNr, size))))
          .join();
    }
  }

  static List<Long> numbers(EmbeddedStore store, String persistenceId) {
    List<Long> numbers = new ArrayList<>();
    store.readEvents(
        persistenceId,
        1,
        Long.MAX_VALUE - 1,
        row -> {
          numbers.add(row.seqNr());
          return true;
        });
    return numbers;
  }

  /** Copies the directory of an open store: what a crash would leave behind. */
  static Path crashImage(EmbeddedStore store, Path target) {
    copy(store.directory(), target);
    return target;
  }

  static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else if (!file.endsWith(LogSegments.UNFINISHED)) {
          // The unfinished file gets another name as soon as an open store has filled it.
          Files.copy(file, copy);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path newestLog(Path directory) {
    try (Stream<Path> files = Files.list(directory.resolve("log"))) {
      return files
          .filter(file -> file.toString().endsWith(".segment"))
          .max(Comparator.naturalOrder())
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A block of a log file, from its first byte to behind its last entry. */
  record Block(int start, int end) {}

  static List<Block> blocks(Path log) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(log));
    List<Block> blocks = new ArrayList<>();
    int at = 0;
    while (at + LogBlock.HEADER_BYTES <= bytes.capacity()) {
      Optional<LogBlock.Header> header = LogBlock.header(bytes.slice(at, LogBlock.HEADER_BYTES));
      if (header.isEmpty()) {
        break;
      }
      blocks.add(new Block(at, at + LogBlock.HEADER_BYTES + header.get().entryBytes()));
      at += header.get().blockBytes();
    }
    return blocks;
  }

  static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Bytes of all files; those that RocksDB removes while they are counted do not count. */
  static long directoryBytes(Path directory) {
    AtomicLong bytes = new AtomicLong();
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              bytes.addAndGet(attributes.size());
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.get();
  }
}
