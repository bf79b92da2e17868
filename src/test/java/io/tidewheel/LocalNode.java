package io.tidewheel;

import io.tidewheel.config.ConfigurationFile;
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
    Map<String, Object> all = new HashMap<>(settings);
    all.put("tidewheel.node.data-directory", dataDirectory.toString());
    all.putIfAbsent("tidewheel.http.port", 0);
    return TidewheelNode.start(ConfigurationFile.load(null, all));
  }
}
