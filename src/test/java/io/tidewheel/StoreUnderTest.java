package io.tidewheel;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The stores on which a node has to behave the same. */
enum StoreUnderTest {
  EMBEDDED,
  CASSANDRA;

  /** Both, but in an ordinary build the first alone: a node on Cassandra takes seconds to start. */
  static List<StoreUnderTest> bothIfLong() {
    return Boolean.getBoolean("tidewheel.long") ? List.of(values()) : List.of(EMBEDDED);
  }

  /** A node whose messages are in this store, where nothing is yet. */
  NodeFixture start(Path directory) {
    return NodeFixture.start(
        directory,
        this == EMBEDDED ? Map.of() : RealCassandra.get().settings(RealCassandra.newKeyspace()));
  }
}
