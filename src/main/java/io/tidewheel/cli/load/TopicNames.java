package io.tidewheel.cli.load;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Names of the topics of a run. */
public final class TopicNames {
  static final int DIGITS = 5;

  /** The most topics a run can use. */
  public static final int MAX_TOPICS = 100_000;

  private TopicNames() {}

  /** One topic has the name itself; of several, each has a number of five digits behind it. */
  public static List<String> of(String name, int count) {
    return count == 1
        ? List.of(name)
        : IntStream.range(0, count)
            .mapToObj(i -> String.format(Locale.ROOT, "%s-%05d", name, i))
            .toList();
  }
}
