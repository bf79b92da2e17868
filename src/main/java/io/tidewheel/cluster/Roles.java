package io.tidewheel.cluster;

/** What nodes tell each other by the roles of Akka's cluster. */
public final class Roles {
  /** Queues live there. */
  public static final String BROKER = "broker";

  /** It takes requests and passes them on. */
  public static final String GATEWAY = "gateway";

  /** In front of the name of the zone a node stands in. */
  static final String ZONE_PREFIX = "zone-";

  private Roles() {}
}
