package io.tidewheel.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Every key below {@code tidewheel} with its value and its source, for people. */
public final class EffectiveSettings {
  /** What a value is replaced by if its key says that it is a secret. */
  public static final String MASK = "********";

  private static final Pattern SECRET =
      Pattern.compile("(?i).*(password|passwd|secret|token|credential|private-key).*");

  private EffectiveSettings() {}

  /**
   * One key.
   *
   * @param value as it would be written in a file; masked if it is a secret
   * @param source where it was set: a file with its line, system properties, the environment, the
   *     command line, or {@code default}
   * @param isDefault whether nobody has set it
   */
  public record Setting(String key, String value, String source, boolean isDefault) {}

  /**
   * All settings, by key.
   *
   * @param config complete and resolved
   */
  public static List<Setting> of(Config config) {
    return config.getConfig(TidewheelSettings.ROOT).entrySet().stream()
        .map(EffectiveSettings::setting)
        .sorted(Comparator.comparing(Setting::key))
        .toList();
  }

  private static Setting setting(Map.Entry<String, ConfigValue> entry) {
    String key = TidewheelSettings.ROOT + '.' + entry.getKey();
    ConfigValue value = entry.getValue();
    String source = source(value.origin());
    return new Setting(
        key,
        isSecret(key, value) ? MASK : value.render(ConfigRenderOptions.concise()),
        source,
        source.equals("default"));
  }

  /** A switch or a number with such a name says something about secrets, and is none. */
  private static boolean isSecret(String key, ConfigValue value) {
    return SECRET.matcher(key).matches()
        && (value.valueType() == ConfigValueType.STRING
            || value.valueType() == ConfigValueType.LIST);
  }

  private static String source(ConfigOrigin origin) {
    String resource = origin.resource();
    if ((resource != null && origin.filename() == null) || isDefault(origin)) {
      return "default";
    }
    if (origin.filename() != null) {
      return origin.filename() + ':' + origin.lineNumber();
    }
    String description = origin.description();
    if (description.contains("env")) {
      return "environment";
    }
    return description.contains("system properties") ? "system property" : description;
  }

  private static boolean isDefault(ConfigOrigin origin) {
    return origin.description().contains("reference.conf")
        || origin.description().contains("tidewheel-akka.conf");
  }
}
