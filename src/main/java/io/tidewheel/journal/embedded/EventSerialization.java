package io.tidewheel.journal.embedded;

import akka.actor.ActorSystem;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.Tagged;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import akka.serialization.Serializers;
import io.tidewheel.journal.embedded.StoreException.Kind;
import io.tidewheel.journal.embedded.StoredRow.Serialized;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.Optional;
import scala.Option;
import scala.jdk.javaapi.OptionConverters;

/** Between objects and stored rows, through Akka Serialization. */
final class EventSerialization {
  private final Serialization serialization;
  private final int maxRowBytes;

  EventSerialization(ActorSystem system, int maxRowBytes) {
    this.serialization = SerializationExtension.get(system);
    this.maxRowBytes = maxRowBytes;
  }

  /**
   * Serializes an event as the row after {@code previousSeqNr}. Whatever it throws means that
   * nothing was stored.
   */
  EncodedRow encode(byte[] keyPrefix, long previousSeqNr, PersistentRepr event) {
    Object payload = event.payload() instanceof Tagged tagged ? tagged.payload() : event.payload();
    return bounded(
        event.persistenceId(),
        RowCodec.encode(
            keyPrefix,
            new StoredRow(
                event.sequenceNr(),
                previousSeqNr,
                event.timestamp(),
                event.writerUuid(),
                event.manifest(),
                serialize(event.metadata()),
                serialize(payload),
                0)));
  }

  /** Serializes a snapshot. */
  EncodedRow encodeSnapshot(
      String persistenceId,
      long seqNr,
      long timestampMillis,
      Option<Object> metadata,
      Object snapshot) {
    return bounded(
        persistenceId,
        RowCodec.encode(
            RowKey.prefix(persistenceId),
            new StoredRow(
                seqNr,
                seqNr - 1,
                timestampMillis,
                "",
                "",
                serialize(metadata),
                serialize(snapshot),
                0)));
  }

  private EncodedRow bounded(String persistenceId, EncodedRow row) {
    if (row.bytes() > maxRowBytes) {
      throw new StoreException(
          Kind.TOO_LARGE,
          "row "
              + row.seqNr()
              + " of "
              + persistenceId
              + " has "
              + row.bytes()
              + " bytes, at most "
              + maxRowBytes
              + " are stored (tidewheel.journal.embedded.max-row-size)");
    }
    return row;
  }

  PersistentRepr decode(String persistenceId, StoredRow row) {
    PersistentRepr event =
        PersistentRepr.apply(
                payload(persistenceId, row),
                row.seqNr(),
                persistenceId,
                row.adapterManifest(),
                false,
                null,
                row.writerUuid())
            .withTimestamp(row.timestampMillis());
    Optional<Object> metadata = metadata(persistenceId, row);
    return metadata.isPresent() ? event.withMetadata(metadata.get()) : event;
  }

  Object payload(String persistenceId, StoredRow row) {
    return deserialize(persistenceId, row.seqNr(), row.payload());
  }

  Optional<Object> metadata(String persistenceId, StoredRow row) {
    return row.metadata().map(bytes -> deserialize(persistenceId, row.seqNr(), bytes));
  }

  private Optional<Serialized> serialize(Option<Object> metadata) {
    return OptionConverters.toJava(metadata).map(this::serialize);
  }

  private Serialized serialize(Object object) {
    byte[] bytes = serialization.serialize(object).get();
    Serializer serializer = serialization.findSerializerFor(object);
    return new Serialized(
        serializer.identifier(),
        Serializers.manifestFor(serializer, object),
        ByteBuffer.wrap(bytes));
  }

  private Object deserialize(String persistenceId, long seqNr, Serialized from) {
    try {
      return serialization.deserializeByteBuffer(
          from.bytes().duplicate(), from.serializerId(), from.manifest());
    } catch (NotSerializableException e) {
      throw new StoreException(
          Kind.CORRUPT,
          "stored row "
              + seqNr
              + " of "
              + persistenceId
              + " cannot be deserialized (serializer "
              + from.serializerId()
              + ", manifest '"
              + from.manifest()
              + "'): "
              + e.getMessage(),
          e);
    }
  }
}
