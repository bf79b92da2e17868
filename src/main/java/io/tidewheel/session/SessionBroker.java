package io.tidewheel.session;

import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.queue.ByteBudget;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.session.frame.Frame;
import io.tidewheel.worker.Consumer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * What sessions need of the broker. Everything in it may be called from any thread.
 *
 * @param budget of messages that are not stored yet, shared with all other publishers of the node
 * @param feeds for those who watch the backlog
 * @param random names sessions; nobody must be able to guess it
 * @param node the name of this node
 * @param isAutoCreate whether the first publish creates its topic
 */
public record SessionBroker(
    CatalogClient catalog,
    QueueRouter queues,
    ByteBudget budget,
    Consumer consumer,
    Feedback feedback,
    BacklogFeed.Parts feeds,
    HostLoads hosts,
    Topology topology,
    RandomGenerator random,
    LongSupplier nanoTime,
    String node,
    boolean isAutoCreate) {

  /** Where everything is, as far as this node knows. */
  public interface Topology {
    /** Whether anything in it can ever change. */
    boolean isFixed();

    /** Who is there now. */
    CompletionStage<List<Frame.Member>> members();

    /** By queue the name of the node where it lives; empty where that is not known. */
    CompletionStage<List<String>> placement(Topic topic);
  }
}
