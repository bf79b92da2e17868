package io.tidewheel.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts the whole configuration together. From strong to weak: options of the command line, system
 * properties, environment variables {@code CONFIG_FORCE_…}, the user's file, Akka as a node runs
 * it, and the {@code reference.conf} of Tidewheel and its libraries.
 */
public final class ConfigurationFile {
  private ConfigurationFile() {}

  /**
   * Reads and resolves everything; looks at no value yet.
   *
   * @param file the user's file; null for none
   * @param overrides values by path that win over everything else
   * @throws ConfigurationException when the file is not there or cannot be parsed or resolved
   */
  public static Config load(@Nullable Path file, Map<String, ?> overrides) {
    try {
      return ConfigFactory.parseMap(overrides, "command line")
          .withFallback(ConfigFactory.systemProperties())
          .withFallback(ConfigFactory.systemEnvironmentOverrides())
          .withFallback(file == null ? ConfigFactory.empty() : parse(file))
          .withFallback(defaults())
          .resolve();
    } catch (ConfigException e) {
      throw new ConfigurationException(describe(e), e);
    }
  }

  /** What holds where nobody says anything; without system properties, and not yet resolved. */
  static Config defaults() {
    return ConfigFactory.parseResources("tidewheel-akka.conf")
        // Akka looks at it again and gets the same one: it is parsed once in this process.
        .withFallback(ConfigFactory.defaultReferenceUnresolved());
  }

  private static Config parse(Path file) {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new ConfigurationException(
          "The configuration file " + file + " is not there or cannot be read.");
    }
    return ConfigFactory.parseFile(
        file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
  }

  /** The library's message has the place in front or not, depending on the error. */
  private static String describe(ConfigException e) {
    String message = String.valueOf(e.getMessage());
    ConfigOrigin origin = e.origin();
    boolean hasPlace = origin == null || message.startsWith(origin.description());
    return "The configuration cannot be read: "
        + (hasPlace ? "" : origin.description() + ": ")
        + message.lines().findFirst().orElse("");
  }
}
