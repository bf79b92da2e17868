package io.tidewheel.queue;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.Message;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Publishes messages from this node. Safe for any thread; never blocks. */
public interface Publisher {
  /**
   * Stores messages. Each goes to the queue of its key, else of its id, else to any queue of the
   * topic; messages of one call that go to one queue keep their order.
   *
   * @param timeLeft after which no answer is waited for
   * @return one result per message, in order; the stage itself does not fail
   */
  CompletionStage<List<PublishResult>> publish(
      Topic topic, List<Message> messages, Duration timeLeft);

  /**
   * Whether a publish of so many bytes would be taken now, so that one that would not need not be
   * read first. Nothing is set aside: it may still be refused.
   *
   * @param arrivingBytes of publishes before it that were not given to this publisher yet
   */
  default boolean hasRoom(long bytes, long arrivingBytes) {
    return true;
  }
}
