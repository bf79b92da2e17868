package io.tidewheel.journal.embedded;

import io.tidewheel.journal.embedded.StoreException.Kind;
import io.tidewheel.journal.embedded.StoredRow.Serialized;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The binary form of a row: version, flags, CRC32C over key and row, then head and payload. The
 * check covers the key, so a value that turns up under another number is found too.
 *
 * <p>Head and payload stay apart until the writer copies them into the write, so that a payload is
 * copied once on its way.
 */
final class RowCodec {
  static final byte VERSION = 1;
  private static final int HAS_GAP = 1;
  private static final int HAS_METADATA = 2;
  private static final int CHECKSUM_AT = 2;
  private static final int CHECKED_FROM = CHECKSUM_AT + Integer.BYTES;
  private static final int MAX_TEXT_BYTES = 0xFFFF;

  private RowCodec() {}

  static EncodedRow encode(byte[] keyPrefix, StoredRow row) {
    byte[] manifest = text(row.payload().manifest());
    byte[] adapterManifest = text(row.adapterManifest());
    byte[] writer = text(row.writerUuid());
    boolean hasGap = row.previousSeqNr() != row.seqNr() - 1;
    byte[] metadataManifest = row.metadata().map(m -> text(m.manifest())).orElse(new byte[0]);
    int metadataBytes =
        row.metadata().map(m -> 2 * Integer.BYTES + m.bytes().remaining()).orElse(0);
    int size =
        CHECKED_FROM
            + Integer.BYTES
            + Long.BYTES
            + 3 * Short.BYTES
            + manifest.length
            + adapterManifest.length
            + writer.length
            + (hasGap ? Long.BYTES : 0)
            + (row.metadata().isPresent() ? Short.BYTES + metadataManifest.length : 0)
            + metadataBytes;
    ByteBuffer head = ByteBuffer.allocate(size);
    head.put(VERSION);
    head.put((byte) ((hasGap ? HAS_GAP : 0) | (row.metadata().isPresent() ? HAS_METADATA : 0)));
    head.putInt(0);
    head.putInt(row.payload().serializerId());
    head.putLong(row.timestampMillis());
    putText(head, manifest);
    putText(head, adapterManifest);
    putText(head, writer);
    if (hasGap) {
      head.putLong(row.previousSeqNr());
    }
    row.metadata()
        .ifPresent(
            metadata -> {
              head.putInt(metadata.serializerId());
              putText(head, metadataManifest);
              head.putInt(metadata.bytes().remaining());
              head.put(metadata.bytes().duplicate());
            });
    byte[] key = RowKey.of(keyPrefix, row.seqNr());
    byte[] payload = array(row.payload().bytes());
    head.putInt(CHECKSUM_AT, checksum(key, head.array(), payload));
    return new EncodedRow(row.seqNr(), key, head.array(), payload);
  }

  /** Whether bytes are the row of a key; false for anything else that may lie in its place. */
  static boolean isWhole(byte[] key, byte[] value) {
    return value.length > CHECKED_FROM
        && value[0] == VERSION
        && ByteBuffer.wrap(value).getInt(CHECKSUM_AT) == checksum(key, value, new byte[0]);
  }

  /**
   * Reads a row back.
   *
   * @throws StoreException {@link Kind#CORRUPT} naming the persistence id and the sequence number
   */
  static StoredRow decode(String persistenceId, byte[] key, byte[] value) {
    long seqNr = RowKey.seqNr(key);
    try {
      ByteBuffer in = ByteBuffer.wrap(value);
      byte version = in.get();
      byte flags = in.get();
      int stored = in.getInt();
      if (version > VERSION) {
        throw new StoreException(
            Kind.NEWER_FORMAT,
            where(persistenceId, seqNr) + " has format " + version + ", this release knows 1");
      }
      if (stored != checksum(key, value, new byte[0])) {
        throw damaged(persistenceId, seqNr, "its checksum does not match");
      }
      int serializerId = in.getInt();
      long timestampMillis = in.getLong();
      String manifest = getText(in);
      String adapterManifest = getText(in);
      String writer = getText(in);
      long previous = (flags & HAS_GAP) != 0 ? in.getLong() : seqNr - 1;
      Optional<Serialized> metadata = Optional.empty();
      if ((flags & HAS_METADATA) != 0) {
        int id = in.getInt();
        String metadataManifest = getText(in);
        int length = in.getInt();
        metadata =
            Optional.of(new Serialized(id, metadataManifest, in.slice(in.position(), length)));
        in.position(in.position() + length);
      }
      Serialized payload = new Serialized(serializerId, manifest, in.slice());
      return new StoredRow(
          seqNr,
          previous,
          timestampMillis,
          writer,
          adapterManifest,
          metadata,
          payload,
          value.length);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw damaged(persistenceId, seqNr, "it is shorter than it says");
    }
  }

  static StoreException damaged(String persistenceId, long seqNr, String how) {
    return new StoreException(
        Kind.CORRUPT,
        where(persistenceId, seqNr) + " is damaged: " + how + "; nothing was skipped");
  }

  private static String where(String persistenceId, long seqNr) {
    return "stored row " + seqNr + " of " + persistenceId;
  }

  private static int checksum(byte[] key, byte[] head, byte[] payload) {
    CRC32C crc = new CRC32C();
    crc.update(key);
    crc.update(head, 0, CHECKSUM_AT);
    crc.update(head, CHECKED_FROM, head.length - CHECKED_FROM);
    crc.update(payload);
    return (int) crc.getValue();
  }

  private static byte[] array(ByteBuffer bytes) {
    if (bytes.hasArray()
        && bytes.arrayOffset() == 0
        && bytes.position() == 0
        && bytes.remaining() == bytes.array().length) {
      return bytes.array();
    }
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return copy;
  }

  private static byte[] text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_TEXT_BYTES) {
      throw new StoreException(
          Kind.TOO_LARGE, "a manifest or writer id has " + bytes.length + " bytes, at most 65535");
    }
    return bytes;
  }

  private static void putText(ByteBuffer out, byte[] text) {
    out.putShort((short) text.length);
    out.put(text);
  }

  private static String getText(ByteBuffer in) {
    int length = Short.toUnsignedInt(in.getShort());
    if (length == 0) {
      return "";
    }
    String text =
        new String(in.array(), in.arrayOffset() + in.position(), length, StandardCharsets.UTF_8);
    in.position(in.position() + length);
    return text;
  }
}
