package io.tidewheel.crash;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.ColumnDefinition;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import com.datastax.oss.driver.api.core.type.codec.TypeCodec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * All tables and rows of a keyspace as CQL statements, a JSON string a line, compressed. When a row
 * was written is not kept.
 */
public final class KeyspaceCopy {
  private KeyspaceCopy() {}

  /** Arguments: port of Cassandra on the loopback address, keyspace, file to write. */
  public static void main(String[] arguments) throws IOException {
    InetSocketAddress cassandra =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
    try (CqlSession session =
        CqlSession.builder()
            .addContactPoint(cassandra)
            .withLocalDatacenter("datacenter1")
            .withKeyspace(arguments[1])
            .build()) {
      write(session, Path.of(arguments[2]));
    }
  }

  private static void write(CqlSession session, Path file) throws IOException {
    Collection<TableMetadata> tables =
        session
            .getMetadata()
            .getKeyspace(session.getKeyspace().orElseThrow())
            .orElseThrow()
            .getTables()
            .values();
    try (Writer writer =
        new OutputStreamWriter(
            new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8)) {
      for (TableMetadata table : tables) {
        // Without its keyspace, as it goes to another.
        String qualified = table.getKeyspace().asCql(false) + '.';
        write(writer, table.describe(false).replaceFirst(qualified, ""));
        for (Row row : session.execute("SELECT * FROM " + table.getName().asCql(true))) {
          write(writer, insert(table, row));
        }
      }
    }
  }

  private static void write(Writer writer, String statement) throws IOException {
    writer.write(BrokerClient.MAPPER.writeValueAsString(statement) + '\n');
  }

  private static String insert(TableMetadata table, Row row) {
    List<String> names = new ArrayList<>();
    List<String> values = new ArrayList<>();
    for (ColumnDefinition column : row.getColumnDefinitions()) {
      TypeCodec<Object> codec = row.codecRegistry().codecFor(column.getType());
      Object value = row.get(column.getName(), codec);
      // What is written as null would be a tombstone.
      if (value != null) {
        names.add(column.getName().asCql(true));
        values.add(codec.format(value));
      }
    }
    return "INSERT INTO %s (%s) VALUES (%s)"
        .formatted(
            table.getName().asCql(true), String.join(", ", names), String.join(", ", values));
  }

  /** Makes them all in the keyspace of the session. */
  public static void read(CqlSession session, Path file) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        session.execute(BrokerClient.MAPPER.readValue(line, String.class));
      }
    }
  }
}
