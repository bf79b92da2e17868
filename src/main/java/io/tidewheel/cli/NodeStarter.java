package io.tidewheel.cli;

import com.typesafe.config.Config;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletionStage;

/** Starts a node in this process. */
@FunctionalInterface
interface NodeStarter {
  /** Returns when the node serves; throws when it cannot. */
  RunningNode start(Config config);

  /** A node that serves. */
  interface RunningNode {
    InetSocketAddress httpAddress();

    /** Stops it in order; done when everything is written and closed. Repeats change nothing. */
    CompletionStage<Void> terminate();

    /** Done when it begins to stop, for whatever reason. */
    CompletionStage<Void> whenStopping();

    /** Done when it has stopped, for whatever reason. */
    CompletionStage<Void> whenTerminated();
  }
}
