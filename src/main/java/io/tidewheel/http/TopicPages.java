package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the list of topics into pages. A page token names the last topic of the page before, so
 * topics that come and go in between move nothing.
 */
final class TopicPages {
  static final int DEFAULT_SIZE = 100;
  static final int MAX_SIZE = 1_000;
  private static final String SEPARATOR = " ";

  private static final Comparator<Topic> BY_NAME = Comparator.comparing(Topic::name);
  private static final Comparator<Topic> BY_CREATION =
      Comparator.comparingLong(Topic::createdAtMillis).thenComparing(BY_NAME);
  private static final Map<String, Comparator<Topic>> ORDERS =
      Map.of(
          "name",
          BY_NAME,
          "-name",
          BY_NAME.reversed(),
          "createdAt",
          BY_CREATION,
          "-createdAt",
          BY_CREATION.reversed());

  private TopicPages() {}

  /**
   * Some topics in order.
   *
   * @param nextToken for the next page; null if this is the last
   */
  record Page(List<Topic> topics, @Nullable String nextToken) {}

  static Page of(
      Collection<Topic> all,
      @Nullable String prefix,
      @Nullable String sort,
      int size,
      @Nullable String pageToken) {
    String orderName = sort == null ? "name" : sort;
    Comparator<Topic> order = ORDERS.get(orderName);
    if (order == null) {
      throw Problem.of(
              ProblemType.MALFORMED,
              "sort must be one of "
                  + String.join(", ", ORDERS.keySet().stream().sorted().toList()))
          .toException();
    }
    String start = prefix == null ? "" : prefix;
    Stream<Topic> matching =
        all.stream().filter(topic -> !topic.isDeleting() && topic.name().startsWith(start));
    if (pageToken != null) {
      Position after = position(orderName, pageToken);
      matching = matching.filter(topic -> after.isBefore(orderName, topic));
    }
    List<Topic> found = matching.sorted(order).limit(size + 1L).toList();
    if (found.size() <= size) {
      return new Page(found, null);
    }
    List<Topic> page = found.subList(0, size);
    return new Page(page, token(orderName, page.get(size - 1)));
  }

  /** Where a page ended. */
  private record Position(long createdAtMillis, String name) {
    boolean isBefore(String orderName, Topic topic) {
      int compared =
          orderName.endsWith("name") ? 0 : Long.compare(createdAtMillis, topic.createdAtMillis());
      if (compared == 0) {
        compared = name.compareTo(topic.name());
      }
      return orderName.startsWith("-") ? compared > 0 : compared < 0;
    }
  }

  private static String token(String orderName, Topic last) {
    String text = orderName + SEPARATOR + last.createdAtMillis() + SEPARATOR + last.name();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Position position(String orderName, String token) {
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      String[] parts = text.split(SEPARATOR, -1);
      if (parts.length == 3 && parts[0].equals(orderName)) {
        return new Position(Long.parseLong(parts[1]), parts[2]);
      }
    } catch (IllegalArgumentException e) {
      throw noToken();
    }
    throw noToken();
  }

  private static ProblemException noToken() {
    return Problem.of(
            ProblemType.MALFORMED, "pageToken is none that was given for this list and order")
        .toException();
  }
}
