package io.tidewheel.config;

/**
 * A configuration that cannot be used. The message is one line for the person who wrote it: the
 * key, the value found, where it stands, and what was expected.
 */
public final class ConfigurationException extends RuntimeException {
  public ConfigurationException(String message) {
    super(message);
  }

  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
