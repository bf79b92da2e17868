package io.tidewheel.subscription;

import io.tidewheel.catalog.SubscriptionSettings.Condition;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which messages a subscription asks for, by their headers: for every header of the filter one of
 * its alternatives must hold. Names and values are compared as they are. Pure.
 */
final class HeaderFilter {
  private HeaderFilter() {}

  static boolean matches(Map<String, List<Condition>> filter, Map<String, String> headers) {
    for (Map.Entry<String, List<Condition>> entry : filter.entrySet()) {
      if (!isAnyTrue(entry.getValue(), headers.get(entry.getKey()))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAnyTrue(List<Condition> alternatives, @Nullable String value) {
    for (Condition condition : alternatives) {
      if (isTrue(condition, value)) {
        return true;
      }
    }
    return false;
  }

  /** Only a condition that says so holds for a header that is not there. */
  private static boolean isTrue(Condition condition, @Nullable String value) {
    List<String> values = condition.values();
    if (condition.kind() == Condition.Kind.EXISTS) {
      return Boolean.parseBoolean(values.get(0)) == (value != null);
    }
    if (value == null) {
      return false;
    }
    return switch (condition.kind()) {
      case EQUALS -> values.contains(value);
      case PREFIX -> values.stream().anyMatch(value::startsWith);
      case ANYTHING_BUT -> !values.contains(value);
      case EXISTS -> true;
    };
  }
}
