package io.tidewheel.journal.embedded;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** A refusal or failure of the embedded store; the kind says which, the message says what to do. */
public final class StoreException extends RuntimeException {

  /** Why the store refused or failed. */
  public enum Kind {
    /** Another process, or another part of this one, uses the data directory. */
    LOCKED,
    /** The directory holds something that is not a Tidewheel store. */
    FOREIGN,
    /** The directory was written by a later release. */
    NEWER_FORMAT,
    /** Stored bytes are damaged. Nothing was skipped. */
    CORRUPT,
    /** Writes that had been acknowledged are missing from the log. */
    LOST_WRITES,
    /** No space left on the device. Nothing is known about the write; reads go on. */
    DISK_FULL,
    /** The bound on pending writes or reads is reached. Nothing was stored. */
    OVERLOADED,
    /** One write is larger than the store takes. Nothing was stored. */
    TOO_LARGE,
    /** The sequence number is not the next one: somebody else wrote. Nothing was stored. */
    CONFLICT,
    /** A persistence id or name the store cannot keep. Nothing was stored. */
    BAD_NAME,
    /** The store has been closed. */
    CLOSED,
    /** Any other failure of the file system or of RocksDB; a write may have been stored. */
    IO
  }

  private final Kind kind;

  StoreException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  StoreException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Gives a RocksDB failure its kind. */
  static StoreException of(String what, RocksDBException failure) {
    Status status = failure.getStatus();
    Kind kind = Kind.IO;
    if (status != null && status.getSubCode() == Status.SubCode.NoSpace) {
      kind = Kind.DISK_FULL;
    } else if (status != null && status.getCode() == Status.Code.Corruption) {
      kind = Kind.CORRUPT;
    }
    return new StoreException(kind, what + ": " + failure.getMessage(), failure);
  }

  /** Gives a failure of the file system its kind; Java tells a full disk by its text only. */
  static StoreException of(String what, IOException failure) {
    boolean isFull = String.valueOf(failure.getMessage()).contains("No space left");
    return new StoreException(
        isFull ? Kind.DISK_FULL : Kind.IO, what + ": " + failure.getMessage(), failure);
  }

  public Kind kind() {
    return kind;
  }
}
