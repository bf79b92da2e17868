package io.tidewheel.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.tidewheel.message.EnumNames;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * Reads the values below one path. Whatever does not fit becomes a {@link ConfigurationException}
 * that names the full key, the value, where it stands and what was expected.
 */
public final class SettingsReader {
  private static final int MAX_PORT = 65_535;
  private static final ConfigRenderOptions RENDER = ConfigRenderOptions.concise();

  private final Config root;
  private final String path;

  private SettingsReader(Config root, String path) {
    this.root = root;
    this.path = path;
  }

  /**
   * A reader of the keys below {@code path}.
   *
   * @param root the whole, resolved configuration
   */
  public static SettingsReader of(Config root, String path) {
    return new SettingsReader(root, path);
  }

  /** Text that is not blank. */
  public String text(String key) {
    String expected = "text that is not empty";
    String value = read(key, expected, () -> root.getString(full(key)));
    if (value.isBlank()) {
      throw wrong(key, expected);
    }
    return value;
  }

  /** Text, also none at all. */
  public String optionalText(String key) {
    return read(key, "text", () -> root.getString(full(key)));
  }

  public boolean flag(String key) {
    return read(key, "true or false", () -> root.getBoolean(full(key)));
  }

  /** A whole number between two bounds, both included. */
  public int integer(String key, int min, int max) {
    String expected = "a whole number from " + min + " to " + max;
    long value = read(key, expected, () -> root.getLong(full(key)));
    if (value < min || value > max || !isWhole(key)) {
      throw wrong(key, expected);
    }
    return (int) value;
  }

  /** A number between two bounds, both included. */
  public double number(String key, double min, double max) {
    String expected = "a number from " + min + " to " + max;
    double value = read(key, expected, () -> root.getDouble(full(key)));
    if (!(value >= min && value <= max)) {
      throw wrong(key, expected);
    }
    return value;
  }

  /** A size with its unit, such as {@code 32MiB}, between two bounds, both included. */
  public long bytes(String key, long minBytes, long maxBytes) {
    String expected =
        "a size with its unit from " + Sizes.format(minBytes) + " to " + Sizes.format(maxBytes);
    requireUnit(key, expected);
    long value = read(key, expected, () -> root.getBytes(full(key)));
    if (value < minBytes || value > maxBytes) {
      throw wrong(key, expected);
    }
    return value;
  }

  /** A duration with its unit, such as {@code 250ms}, between two bounds, both included. */
  public Duration duration(String key, Duration min, Duration max) {
    String expected =
        "a duration such as 250ms, 30s, 10m, 2h or 7d, from %s to %s"
            .formatted(Durations.format(min), Durations.format(max));
    Duration value = read(key, expected, () -> duration(root.getString(full(key)), key, expected));
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw wrong(key, expected);
    }
    return value;
  }

  /** A URL of HTTP without a path, or nothing. */
  String optionalUrl(String key) {
    String value = optionalText(key);
    if (!value.isEmpty() && !value.matches("https?://[^\\s/@]+")) {
      throw wrong(key, "a URL such as http://broker-1:8080, or nothing");
    }
    return value;
  }

  private Duration duration(String text, String key, String expected) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw wrong(key, expected, e);
    }
  }

  /** A list of texts that are not blank. */
  public List<String> texts(String key) {
    String expected = "a list of texts, such as [\"a\", \"b\"]";
    List<String> values = read(key, expected, () -> root.getStringList(full(key)));
    if (values.stream().anyMatch(String::isBlank)) {
      throw wrong(key, expected);
    }
    return List.copyOf(values);
  }

  /** A list of {@code host:port}, with ports that can be reached. */
  public List<String> addresses(String key) {
    List<String> addresses = texts(key);
    if (!addresses.stream().allMatch(SettingsReader::isAddress)) {
      throw wrong(key, "a list of addresses as host:port, such as [\"10.0.0.1:7355\"]");
    }
    return addresses;
  }

  private static boolean isAddress(String text) {
    if (!text.matches("[^\\s/@]+:[0-9]{1,5}")) {
      return false;
    }
    int port = Integer.parseInt(text.substring(text.lastIndexOf(':') + 1));
    return port > 0 && port <= MAX_PORT;
  }

  /** One constant of an enum, written in lower case with dashes. */
  public <E extends Enum<E>> E choice(String key, Class<E> type) {
    List<E> choices = List.of(type.getEnumConstants());
    String expected =
        "one of " + String.join(", ", choices.stream().map(EnumNames::dashed).toList());
    String value = read(key, expected, () -> root.getString(full(key)));
    return choices.stream()
        .filter(choice -> EnumNames.dashed(choice).equals(value))
        .findFirst()
        .orElseThrow(() -> wrong(key, expected));
  }

  /** The error for a value that its own reading could not refuse. */
  public ConfigurationException wrong(String key, String expected) {
    return new ConfigurationException(describe(key, expected));
  }

  ConfigurationException wrong(String key, String expected, Throwable cause) {
    return new ConfigurationException(describe(key, expected), cause);
  }

  private String describe(String key, String expected) {
    ConfigValue value = root.getValue(full(key));
    return "%s = %s (%s): expected %s."
        .formatted(full(key), value.render(RENDER), value.origin().description(), expected);
  }

  private <T> T read(String key, String expected, Supplier<T> value) {
    try {
      return value.get();
    } catch (ConfigException.Missing e) {
      throw new ConfigurationException(full(key) + " has no value: expected " + expected + ".", e);
    } catch (ConfigException e) {
      throw wrong(key, expected, e);
    }
  }

  private void requireUnit(String key, String expected) {
    String text = read(key, expected, () -> root.getString(full(key)));
    boolean isBare =
        root.getValue(full(key)).valueType() == ConfigValueType.NUMBER
            || text.strip().chars().noneMatch(Character::isLetter);
    if (isBare) {
      throw wrong(key, expected);
    }
  }

  /** The library rounds 1.5 down; a port of 1.5 is a mistake. */
  private boolean isWhole(String key) {
    return root.getDouble(full(key)) == root.getLong(full(key));
  }

  private String full(String key) {
    return path + '.' + key;
  }
}
