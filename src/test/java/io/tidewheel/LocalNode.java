package io.tidewheel;

import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.session.SessionLimits;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Starts real nodes in this process, on a free port of the loopback address. */
public final class LocalNode {
  private LocalNode() {}

  public static TidewheelNode start(Path dataDirectory) {
    return start(dataDirectory, Map.of());
  }

  /** A node with settings of its own, by their whole path. */
  public static TidewheelNode start(Path dataDirectory, Map<String, Object> settings) {
    return start(dataDirectory, settings, SessionLimits.DEFAULT);
  }

  /** As {@link #start(Path, Map)}, with other bounds of sessions. */
  static TidewheelNode start(
      Path dataDirectory, Map<String, Object> settings, SessionLimits sessionLimits) {
    Map<String, Object> all = new HashMap<>(settings);
    all.put("tidewheel.node.data-directory", dataDirectory.toString());
    all.putIfAbsent("tidewheel.http.port", 0);
    return TidewheelNode.start(ConfigurationFile.load(null, all), sessionLimits);
  }
}
