package io.tidewheel.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Refuses keys that mean nothing. What is known is what the defaults list, also with the value
 * null, so every package makes its keys known by documenting them there.
 *
 * <p>Lists are values: their elements are not looked into. System properties directly below the
 * root ({@code tidewheel.home}) belong to scripts and tests, no setting lives there.
 */
final class UnknownKeys {
  /** Further away than this, and with another last word, a suggestion would be a guess. */
  private static final int MAX_DISTANCE = 3;

  private UnknownKeys() {}

  /**
   * Compares two trees with the same root.
   *
   * @param root path of both, for messages
   * @throws ConfigurationException naming the first unknown key and the nearest known one
   */
  static void refuse(String root, ConfigObject found, ConfigObject known) {
    List<String> knownPaths = paths(root, known).toList();
    refuse(root, 1, found, known, knownPaths);
  }

  private static void refuse(
      String path, int depth, ConfigObject found, ConfigObject known, List<String> knownPaths) {
    for (Map.Entry<String, ConfigValue> entry : found.entrySet()) {
      String child = path + '.' + entry.getKey();
      ConfigValue expected = known.get(entry.getKey());
      if (expected == null) {
        if (depth > 1 || !isSystemProperty(entry.getValue().origin())) {
          throw unknown(child, entry.getValue().origin(), knownPaths);
        }
      } else if (expected instanceof ConfigObject section) {
        if (!(entry.getValue() instanceof ConfigObject foundSection)) {
          throw new ConfigurationException(
              "%s = %s (%s): expected a section { … } of settings."
                  .formatted(
                      child,
                      entry.getValue().render(ConfigRenderOptions.concise()),
                      entry.getValue().origin().description()));
        }
        refuse(child, depth + 1, foundSection, section, knownPaths);
      } else if (entry.getValue() instanceof ConfigObject nested && !nested.isEmpty()) {
        String below = child + '.' + nested.keySet().stream().sorted().findFirst().orElseThrow();
        throw unknown(below, nested.origin(), knownPaths);
      }
    }
  }

  private static ConfigurationException unknown(
      String path, ConfigOrigin origin, List<String> knownPaths) {
    String name = path.substring(path.lastIndexOf('.'));
    String nearest =
        knownPaths.stream()
            .filter(known -> known.endsWith(name) || distance(path, known) <= MAX_DISTANCE)
            .min(
                Comparator.comparing((String known) -> !known.endsWith(name))
                    .thenComparingInt(known -> distance(path, known)))
            .map(known -> " Did you mean " + known + "?")
            .orElse("");
    return new ConfigurationException(
        "Unknown key " + path + " (" + origin.description() + ")." + nearest);
  }

  private static boolean isSystemProperty(ConfigOrigin origin) {
    return origin.description().contains("system properties");
  }

  private static Stream<String> paths(String root, ConfigObject section) {
    return section.entrySet().stream()
        .flatMap(
            entry -> {
              String path = root + '.' + entry.getKey();
              return entry.getValue() instanceof ConfigObject nested
                  ? Stream.concat(Stream.of(path), paths(path, nested))
                  : Stream.of(path);
            });
  }

  /** Levenshtein distance, two rows at a time. */
  static int distance(String left, String right) {
    int[] previous = new int[right.length() + 1];
    for (int j = 0; j <= right.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= left.length(); i++) {
      int[] current = new int[right.length() + 1];
      current[0] = i;
      for (int j = 1; j <= right.length(); j++) {
        int substitution = left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1;
        current[j] =
            Math.min(Math.min(current[j - 1], previous[j]) + 1, previous[j - 1] + substitution);
      }
      previous = current;
    }
    return previous[right.length()];
  }
}
