package io.tidewheel.journal.cassandra;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import io.tidewheel.config.CassandraSettings;
import io.tidewheel.journal.SharedRegister;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Values that all nodes see the same, by Cassandra's conditional writes. */
final class SharedValues implements SharedRegister {
  /** A conditional write that timed out may have been done: the next try finds out. */
  private static final int MAX_TRIES = 20;

  private final CompletionStage<CqlSession> session;
  private final CassandraSettings settings;
  private final Consumer<Runnable> later;

  /**
   * @param later runs something after a pause
   */
  SharedValues(
      CompletionStage<CqlSession> session, CassandraSettings settings, Consumer<Runnable> later) {
    this.session = session;
    this.settings = settings;
    this.later = later;
  }

  @Override
  public CompletionStage<byte @Nullable []> read(String name) {
    return session.thenCompose(
        connected -> read(connected, name).thenApply(row -> row == null ? null : bytes(row)));
  }

  @Override
  public CompletionStage<Boolean> replace(String name, byte @Nullable [] expected, byte[] value) {
    ByteBuffer stored = ByteBuffer.wrap(value);
    SimpleStatement statement =
        expected == null
            ? SimpleStatement.newInstance(insert(), name, stored)
            : SimpleStatement.newInstance(
                "UPDATE " + table() + " SET value = ? WHERE name = ? IF value = ?",
                stored,
                name,
                ByteBuffer.wrap(expected));
    return session.thenCompose(
        connected -> connected.executeAsync(statement).thenApply(AsyncResultSet::wasApplied));
  }

  /** A value that the first node makes and all others find. */
  CompletionStage<byte[]> readOrCreate(String name, Supplier<byte[]> fresh) {
    CompletableFuture<byte[]> result = new CompletableFuture<>();
    session.whenComplete(
        (connected, failure) -> {
          if (failure != null) {
            result.completeExceptionally(CassandraStore.cause(failure));
          } else {
            attempt(connected, name, fresh.get(), 1, result);
          }
        });
    return result;
  }

  private void attempt(
      CqlSession connected, String name, byte[] fresh, int tries, CompletableFuture<byte[]> to) {
    read(connected, name)
        .thenCompose(
            row ->
                row == null
                    ? create(connected, name, fresh)
                    : CompletableFuture.completedFuture(bytes(row)))
        .whenComplete(
            (value, failure) -> {
              if (failure == null) {
                to.complete(value);
              } else if (CassandraStore.cause(failure) instanceof DriverException
                  && tries < MAX_TRIES) {
                later.accept(() -> attempt(connected, name, fresh, tries + 1, to));
              } else {
                to.completeExceptionally(CassandraStore.cause(failure));
              }
            });
  }

  /** Serial, so that a conditional write which is still under way is finished first. */
  private CompletionStage<Row> read(CqlSession connected, String name) {
    ConsistencyLevel serial =
        settings.consistency() == CassandraSettings.Consistency.QUORUM
            ? ConsistencyLevel.SERIAL
            : ConsistencyLevel.LOCAL_SERIAL;
    return connected
        .executeAsync(
            SimpleStatement.newInstance("SELECT value FROM " + table() + " WHERE name = ?", name)
                .setConsistencyLevel(serial))
        .thenApply(AsyncResultSet::one);
  }

  private CompletionStage<byte[]> create(CqlSession connected, String name, byte[] fresh) {
    return connected
        .executeAsync(SimpleStatement.newInstance(insert(), name, ByteBuffer.wrap(fresh)))
        .thenApply(
            result ->
                result.wasApplied() ? fresh : bytes(Objects.requireNonNull(result.one(), name)));
  }

  private String insert() {
    return "INSERT INTO " + table() + " (name, value) VALUES (?, ?) IF NOT EXISTS";
  }

  private String table() {
    return settings.keyspace() + ".shared_values";
  }

  private static byte[] bytes(Row row) {
    ByteBuffer value = Objects.requireNonNull(row.getByteBuffer("value"), "value");
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    return bytes;
  }
}
