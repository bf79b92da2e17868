package io.tidewheel;

import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.session.SessionLimits;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Starts real nodes in this process, on a free port of the loopback address. */
public final class LocalNode {
  /**
   * A node that stops gives what there is only once in a cluster to the next one, after a second in
   * which nobody asked for it: most of a stop. Ten times the tries keep the bound of 15 seconds.
   */
  private static final Map<String, Object> QUICK_LEAVE =
      Map.of(
          "akka.cluster.singleton.hand-over-retry-interval", "100ms",
          "akka.cluster.singleton.min-number-of-hand-over-retries", 150,
          "akka.cluster.leader-actions-interval", "200ms");

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
    QUICK_LEAVE.forEach(all::putIfAbsent);
    return TidewheelNode.start(ConfigurationFile.load(null, all), sessionLimits);
  }
}
