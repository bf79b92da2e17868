package io.tidewheel.http;

import akka.util.ByteString;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Some lines of a stream that are published together, and their answers in order. */
final class LineGroup {
  private static final int MAX_LINES = 500;
  private static final int MAX_BYTES = 512 << 10;
  private static final int EXPECTED_ANSWER_BYTES = 64;

  private final List<Line> lines = new ArrayList<>();
  private final List<Message> messages = new ArrayList<>();
  private long bytes;
  private @Nullable ByteString answer;

  /** A line of which nothing is published has a problem. */
  private record Line(long number, @Nullable Message message, @Nullable Problem problem) {}

  /** Reads a line; one that is no message is refused. */
  void add(long number, LineSplitter line, int maxMessageBytes) {
    Message message;
    try {
      message = MessageReader.line(line.bytes(), line.start(), line.end());
    } catch (ProblemException e) {
      refuse(number, e.problem());
      return;
    }
    if (message.payload().length > maxMessageBytes) {
      refuse(number, PublishRoutes.tooLarge(message, maxMessageBytes));
      return;
    }
    lines.add(new Line(number, message, null));
    messages.add(message);
    bytes += message.weight();
  }

  void refuse(long number, Problem problem) {
    lines.add(new Line(number, null, problem));
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  boolean isFull() {
    return lines.size() >= MAX_LINES || bytes >= MAX_BYTES;
  }

  int lineCount() {
    return lines.size();
  }

  long bytes() {
    return bytes;
  }

  List<Message> messages() {
    return messages;
  }

  /** The results of the messages are known, in order. */
  void complete(List<PublishResult> results) {
    JsonBytes json = new JsonBytes(EXPECTED_ANSWER_BYTES * lines.size());
    int index = 0;
    for (Line line : lines) {
      Message message = line.message();
      if (message == null) {
        write(json, line, line.problem());
      } else if (results.get(index++) instanceof PublishResult.Stored stored) {
        PublishRoutes.writeStored(json, message, stored);
        json.literal("\n");
      } else {
        write(json, line, PublishRoutes.problem(results.get(index - 1)));
      }
    }
    done(json);
  }

  /** The publish failed as a whole. */
  void fail(Problem problem) {
    JsonBytes json = new JsonBytes(EXPECTED_ANSWER_BYTES * lines.size());
    for (Line line : lines) {
      write(json, line, line.problem() == null ? problem : line.problem());
    }
    done(json);
  }

  private void done(JsonBytes json) {
    answer = json.toByteString();
    messages.clear();
  }

  private static void write(JsonBytes json, Line line, @Nullable Problem problem) {
    json.literal("{\"line\":").number(line.number());
    Message message = line.message();
    if (message != null && message.id() != null) {
      json.literal(",\"id\":").string(message.id());
    }
    json.literal(",\"error\":");
    if (problem != null) {
      problem.writeTo(json);
    }
    json.literal("}\n");
  }

  /** The answer lines; null until all results are known. */
  @Nullable ByteString answer() {
    return answer;
  }
}
