package io.tidewheel.fault;

import java.util.Locale;
import java.util.Optional;

/** What is done to the cluster in one run. */
enum Row {
  NONE("nothing"),
  KILL("kill -9 of a broker, which comes back"),
  TERM("SIGTERM and start, of each broker in turn"),
  DELIVERIES("SIGTERM and start, of each broker in turn, while workers hold what they pulled"),
  PAUSE("SIGSTOP of a broker, then SIGCONT"),
  STORE_KILL("kill -9 of Cassandra, which comes back"),
  STORE_PAUSE("SIGSTOP of Cassandra, then SIGCONT"),
  STORE_POWER("power cut of Cassandra's machine: what it has not flushed is lost"),
  STORE_NODE("kill -9 of one of three Cassandra nodes, which comes back"),
  SHRINK("brokers killed until one is left, then one comes back"),
  SUBSCRIPTIONS("subscriptions created and deleted, queues asleep in between"),
  CLOCK(
      "the clock of a broker put on by an hour, then back by two; it stops and starts in between"),
  STORE_CUT("a broker cut off from Cassandra"),
  PARTITION_1("broker 1, the first seed, cut off from the others"),
  PARTITION_2("broker 2 cut off from the others"),
  PARTITION_3("broker 3 cut off from the others"),
  PARTITION_RESTART("broker 1, the first seed, cut off and started again while it is");

  private final String meaning;

  Row(String meaning) {
    this.meaning = meaning;
  }

  String meaning() {
    return meaning;
  }

  /** As users write it. */
  String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Optional<Row> of(String text) {
    for (Row row : values()) {
      if (row.text().equals(text)) {
        return Optional.of(row);
      }
    }
    return Optional.empty();
  }

  /** Whether each broker needs a network of its own. */
  boolean needsNetworks() {
    return isPartition() || this == STORE_CUT;
  }

  /** Whether each broker needs a clock of its own. */
  boolean needsClocks() {
    return this == CLOCK;
  }

  /** Whether Cassandra needs a disk of its own. */
  boolean needsDisks() {
    return this == STORE_POWER;
  }

  /** How many Cassandra nodes there have to be, each with a copy of all. */
  int stores() {
    return this == STORE_NODE ? 3 : 1;
  }

  /** Whether a broker is cut off from the others. */
  boolean isPartition() {
    return this == PARTITION_1
        || this == PARTITION_2
        || this == PARTITION_3
        || this == PARTITION_RESTART;
  }

  /** Which broker is cut off; 0 if none is. */
  int loneBroker() {
    return switch (this) {
      case PARTITION_1, PARTITION_RESTART -> 1;
      case PARTITION_2 -> 2;
      case PARTITION_3 -> 3;
      default -> 0;
    };
  }

  /** Whether leases end only when they should: nothing is lost from memory. */
  boolean keepsLeases() {
    return this == NONE
        || this == TERM
        || this == DELIVERIES
        || this == SUBSCRIPTIONS
        || this == CLOCK;
  }

  /** How many read each subscription. */
  int workers() {
    return this == DELIVERIES ? 4 : 3;
  }

  /** How long a worker works on what it pulled. */
  long workMillis() {
    return this == DELIVERIES ? 7_000 : 0;
  }
}
