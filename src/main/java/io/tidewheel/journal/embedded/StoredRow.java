package io.tidewheel.journal.embedded;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One stored event or snapshot, read and checked, not yet deserialized.
 *
 * @param previousSeqNr the number of the row before it; differs from {@code seqNr - 1} only where
 *     numbers between were rejected and never stored
 * @param adapterManifest Akka's event adapter manifest, often empty
 * @param payload the serialized event, a view into {@code bytes} read
 * @param bytes stored size of the row
 */
record StoredRow(
    long seqNr,
    long previousSeqNr,
    long timestampMillis,
    String writerUuid,
    String adapterManifest,
    Optional<Serialized> metadata,
    Serialized payload,
    int bytes) {

  /** A serialized object as Akka Serialization writes and reads it. */
  record Serialized(int serializerId, String manifest, ByteBuffer bytes) {}
}
