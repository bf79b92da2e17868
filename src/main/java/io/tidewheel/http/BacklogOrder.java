package io.tidewheel.http;

import java.util.Comparator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Orders of the list of what waits. */
final class BacklogOrder {
  private static final Comparator<BacklogRow> BY_NAME =
      Comparator.<BacklogRow, String>comparing(row -> row.topic().name())
          .thenComparing(BacklogRow::subscriptionName)
          .thenComparingInt(BacklogRow::queueNumber);
  private static final Map<String, Comparator<BacklogRow>> ORDERS =
      Map.of(
          "name",
          BY_NAME,
          "-backlog",
          Comparator.<BacklogRow>comparingLong(row -> -row.known().backlog())
              .thenComparing(BY_NAME),
          "-lag",
          Comparator.<BacklogRow>comparingLong(row -> -row.known().lag()).thenComparing(BY_NAME),
          "oldestAt",
          Comparator.comparingLong(BacklogRow::oldest).thenComparing(BY_NAME),
          "-deadLetters",
          Comparator.<BacklogRow>comparingLong(row -> -row.known().dead()).thenComparing(BY_NAME),
          "-inRate",
          Comparator.<BacklogRow>comparingDouble(row -> -row.known().rates().in())
              .thenComparing(BY_NAME),
          "-outRate",
          Comparator.<BacklogRow>comparingDouble(row -> -row.known().rates().out())
              .thenComparing(BY_NAME),
          "-failRate",
          Comparator.<BacklogRow>comparingDouble(row -> -row.known().rates().failed())
              .thenComparing(BY_NAME));

  static final String DEFAULT = "-backlog";

  private BacklogOrder() {}

  static Comparator<BacklogRow> of(@Nullable String sort) {
    Comparator<BacklogRow> order = ORDERS.get(sort == null ? DEFAULT : sort);
    if (order == null) {
      throw Problem.of(
              ProblemType.MALFORMED,
              "sort must be one of "
                  + String.join(", ", ORDERS.keySet().stream().sorted().toList()))
          .toException();
    }
    return order;
  }
}
