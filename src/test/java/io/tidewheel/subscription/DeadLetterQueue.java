package io.tidewheel.subscription;

import io.tidewheel.message.Message;
import io.tidewheel.queue.AppendReply;
import io.tidewheel.queue.AppendResults;
import io.tidewheel.queue.PublishResult;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueRouter;
import io.tidewheel.queue.SenderId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A queue that keeps what it is sent, once per sender and number; may lose answers or refuse. */
final class DeadLetterQueue implements QueueRouter {
  final List<Message> stored = new ArrayList<>();
  private final Map<Sent, Long> offsets = new HashMap<>();
  private int appendCount;
  boolean isRefusing;
  boolean isSilent;

  private record Sent(SenderId sender, long number) {}

  @Override
  public synchronized void tell(long topicUid, int queue, Queue.Command command) {
    Queue.Append append = (Queue.Append) command;
    appendCount++;
    if (isRefusing) {
      append
          .replyTo()
          .tell(
              new AppendReply.NotStored(
                  append.number(), PublishResult.Reason.OVER_LIMIT, "the backlog is full"));
      return;
    }
    long offset =
        offsets.computeIfAbsent(
            new Sent(append.sender(), append.number()),
            sent -> {
              stored.add(append.messages().get(0));
              return stored.size() - 1L;
            });
    if (!isSilent) {
      append
          .replyTo()
          .tell(new AppendReply.Decided(append.number(), queue, AppendResults.stored(offset, 1)));
    }
  }

  synchronized int appendCount() {
    return appendCount;
  }

  synchronized int storedCount() {
    return stored.size();
  }

  synchronized void answer(boolean isAnswering) {
    isSilent = !isAnswering;
  }

  synchronized void refuse(boolean isOn) {
    isRefusing = isOn;
  }
}
