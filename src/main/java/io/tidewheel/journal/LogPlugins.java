package io.tidewheel.journal;

/**
 * Where the events and snapshots of a log go: ids of Akka's plugins.
 *
 * @param journal id of the journal plugin; empty for the default one
 * @param snapshots id of the snapshot plugin; empty for the default one
 */
public record LogPlugins(String journal, String snapshots) {
  /** The plugins that the configuration names as default. */
  public static final LogPlugins DEFAULT = new LogPlugins("", "");
}
