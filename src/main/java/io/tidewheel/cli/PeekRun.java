package io.tidewheel.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Prints what a topic holds, queue by queue in the order of offsets, and changes nothing. */
final class PeekRun {
  private static final int PAGE = 100;
  private static final long POLL_MILLIS = 500;

  private final BrokerConnection connection;
  private final PrintHandler printer;
  private final String topic;
  private volatile boolean isStopping;
  private long count;

  PeekRun(BrokerConnection connection, PrintHandler printer, String topic) {
    this.connection = connection;
    this.printer = printer;
    this.topic = topic;
  }

  /** The message on its way is printed; no further one is asked for. */
  void stop() {
    isStopping = true;
  }

  /** Messages printed. */
  long count() {
    return count;
  }

  /**
   * Prints until the end, or until it is stopped.
   *
   * @param queue only this one; null for all
   * @param start first offset or time, as a parameter such as {@code from=7}; empty for the oldest
   * @param max after so many it ends
   * @param isFollowing whether it waits at the end for more
   */
  void run(@Nullable Integer queue, String start, long max, boolean isFollowing)
      throws InterruptedException, IOException {
    int queues =
        connection.get(TopicCommand.path(topic)).orFail().json().at("/settings/queues").asInt(1);
    Map<Integer, String> positions = new TreeMap<>();
    for (int i = 0; i < queues; i++) {
      if (queue == null || queue == i) {
        positions.put(i, start);
      }
    }
    if (positions.isEmpty()) {
      throw new CommandFailure(
          ExitCodes.USAGE, "--queue " + queue + ": the topic has the queues 0 to " + (queues - 1));
    }
    while (!isStopping && count < max) {
      boolean isMore = false;
      for (Map.Entry<Integer, String> position : positions.entrySet()) {
        isMore |= page(position, max);
      }
      if (!isMore && !isFollowing) {
        return;
      }
      if (!isMore) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
    }
  }

  /** Prints the next messages of a queue; whether there may be more at once. */
  private boolean page(Map.Entry<Integer, String> position, long max)
      throws InterruptedException, IOException {
    long open = Math.min(PAGE, max - count);
    if (open <= 0 || isStopping) {
      return false;
    }
    String query = "?queue=" + position.getKey() + "&max=" + open;
    String start = position.getValue().isEmpty() ? "" : "&" + position.getValue();
    Answer answer = connection.get(TopicCommand.path(topic) + "/messages" + query + start).orFail();
    List<PulledMessage> messages = PullAnswerParser.parseBrowsed(answer.body());
    for (PulledMessage message : messages) {
      printer.handle(message);
    }
    printer.flush(messages);
    count += messages.size();
    JsonNode queue = answer.json().at("/queues/0");
    long next = queue.path("next").asLong();
    position.setValue("from=" + next);
    return next < queue.path("nextOffset").asLong();
  }
}
