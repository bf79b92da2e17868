package io.tidewheel.journal.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksObject;

/**
 * The index, a RocksDB instance: {@code events} (small rows, and pointers to large ones), {@code
 * snapshots} and {@code meta} (highest numbers, named values). It keeps no log of its own; what a
 * crash takes from it is replayed from the log of the store. Owns all native objects.
 */
final class Database implements AutoCloseable {
  private static final long MIB = 1 << 20;

  private final List<RocksObject> owned;
  private final RocksDB db;
  private final List<ColumnFamilyHandle> families;

  private Database(List<RocksObject> owned, RocksDB db, List<ColumnFamilyHandle> families) {
    this.owned = owned;
    this.db = db;
    this.families = families;
  }

  /** Opens or creates the database. */
  static Database open(Path directory, EmbeddedStoreSettings settings, boolean create) {
    if (!create && !Files.exists(directory.resolve("CURRENT"))) {
      throw new StoreException(
          Kind.CORRUPT,
          directory + " holds no database although writes were acknowledged: restore it");
    }
    RocksDB.loadLibrary();
    List<RocksObject> owned = new ArrayList<>();
    boolean opened = false;
    try {
      Files.createDirectories(directory);
      Cache cache = own(owned, new LRUCache(settings.blockCacheBytes()));
      DBOptions options = own(owned, options(create));
      List<ColumnFamilyDescriptor> descriptors =
          List.of(
              new ColumnFamilyDescriptor(
                  RocksDB.DEFAULT_COLUMN_FAMILY, own(owned, small(owned, cache))),
              new ColumnFamilyDescriptor(
                  "events".getBytes(UTF_8), own(owned, events(owned, settings, cache))),
              new ColumnFamilyDescriptor(
                  "snapshots".getBytes(UTF_8), own(owned, small(owned, cache))),
              new ColumnFamilyDescriptor("meta".getBytes(UTF_8), own(owned, small(owned, cache))));
      List<ColumnFamilyHandle> families = new ArrayList<>();
      RocksDB db = RocksDB.open(options, directory.toString(), descriptors, families);
      opened = true;
      return new Database(owned, db, families);
    } catch (RocksDBException e) {
      throw StoreException.of("database " + directory + " cannot be opened", e);
    } catch (IOException e) {
      throw new StoreException(Kind.IO, directory + " cannot be used: " + e.getMessage(), e);
    } finally {
      if (!opened) {
        release(owned);
      }
    }
  }

  private static DBOptions options(boolean create) {
    return new DBOptions()
        .setCreateIfMissing(create)
        .setCreateMissingColumnFamilies(create)
        .setParanoidChecks(true)
        .setMaxBackgroundJobs(3)
        .setBytesPerSync(MIB)
        .setMaxOpenFiles(512)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setMaxLogFileSize(4 * MIB)
        .setKeepLogFileNum(3);
  }

  private static ColumnFamilyOptions events(
      List<RocksObject> owned, EmbeddedStoreSettings settings, Cache cache) {
    return new ColumnFamilyOptions()
        .setTableFormatConfig(table(owned, cache))
        .setWriteBufferSize(settings.memtableBytes())
        .setMaxWriteBufferNumber(2)
        .setCompressionType(CompressionType.LZ4_COMPRESSION)
        // Small tables keep a trim from touching its neighbours.
        .setTargetFileSizeBase(MIB)
        .setMaxBytesForLevelBase(64 * MIB)
        .setLevelCompactionDynamicLevelBytes(true)
        .setLevel0FileNumCompactionTrigger(8);
  }

  private static ColumnFamilyOptions small(List<RocksObject> owned, Cache cache) {
    return new ColumnFamilyOptions()
        .setTableFormatConfig(table(owned, cache))
        .setWriteBufferSize(4 * MIB)
        .setMaxWriteBufferNumber(2)
        .setTargetFileSizeBase(8 * MIB)
        .setMaxBytesForLevelBase(32 * MIB)
        .setLevelCompactionDynamicLevelBytes(true)
        .setCompressionType(CompressionType.LZ4_COMPRESSION);
  }

  private static BlockBasedTableConfig table(List<RocksObject> owned, Cache cache) {
    return new BlockBasedTableConfig()
        .setBlockCache(cache)
        .setCacheIndexAndFilterBlocks(true)
        .setPinL0FilterAndIndexBlocksInCache(true)
        .setFilterPolicy(own(owned, new BloomFilter(10)));
  }

  private static <T extends RocksObject> T own(List<RocksObject> owned, T object) {
    owned.add(object);
    return object;
  }

  RocksDB db() {
    return db;
  }

  ColumnFamilyHandle family(LogEntry.Family family) {
    return switch (family) {
      case EVENTS -> events();
      case SNAPSHOTS -> snapshots();
      case META -> meta();
    };
  }

  ColumnFamilyHandle events() {
    return families.get(1);
  }

  ColumnFamilyHandle snapshots() {
    return families.get(2);
  }

  ColumnFamilyHandle meta() {
    return families.get(3);
  }

  @Override
  public void close() {
    families.forEach(ColumnFamilyHandle::close);
    db.close();
    release(owned);
  }

  private static void release(List<RocksObject> owned) {
    for (int i = owned.size() - 1; i >= 0; i--) {
      owned.get(i).close();
    }
  }
}
