package io.tidewheel.http;

import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.TimerGraphStageLogic;
import akka.util.ByteString;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Publishes lines of JSON as they come and answers each with a line, in order.
 *
 * <ol>
 *   <li>Lines are stored in groups: one at once while little is open, larger ones under load.
 *   <li>It reads on only while less than {@link #MAX_OPEN_LINES} lines and {@link #MAX_OPEN_BYTES}
 *       are without an answer that the client has taken, and while the node has bytes to give.
 *   <li>A line that is refused does not end the stream. A line that is not complete in time does.
 * </ol>
 */
final class PublishStream extends GraphStage<FlowShape<ByteString, ByteString>> {
  /** Longest line: the same as the body of a batch. */
  static final int MAX_LINE_BYTES = BatchReader.MAX_BODY_BYTES;

  /** Lines of one stream without an answer that the client has taken. */
  static final int MAX_OPEN_LINES = 8_000;

  /** Bytes of messages of one stream that are not stored yet. */
  static final long MAX_OPEN_BYTES = 4L << 20;

  private static final int MAX_OPEN_GROUPS = 4;

  /** So many groups go out at once, however small. */
  private static final int EAGER_GROUPS = 2;

  private static final int FULL_GROUP_LINES = 64;
  private static final Duration BUDGET_RETRY = Duration.ofMillis(20);

  private final Inlet<ByteString> in = Inlet.create("PublishStream.in");
  private final Outlet<ByteString> out = Outlet.create("PublishStream.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final Target target;
  private final ByteBudget budget;
  private final Duration lineTimeout;
  private final LongSupplier nanoTime;

  /** Where messages go. */
  interface Target {
    /** Stores messages; one result for each, in order. */
    CompletionStage<List<PublishResult>> publish(List<Message> messages);

    /** The largest payload taken now. */
    int maxMessageBytes();

    /** What to say of a publish that failed as a whole. */
    Problem problem(Throwable failure);
  }

  /**
   * A stream.
   *
   * @param lineTimeout within which a line that has begun must end
   */
  PublishStream(Target target, ByteBudget budget, Duration lineTimeout, LongSupplier nanoTime) {
    this.target = target;
    this.budget = budget;
    this.lineTimeout = lineTimeout;
    this.nanoTime = nanoTime;
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private record Stored(
      LineGroup group, @Nullable List<PublishResult> results, @Nullable Throwable failure) {}

  private final class Logic extends TimerGraphStageLogic {
    private static final String CHECK = "check";
    private static final String RETRY = "retry";

    private final LineSplitter lines = new LineSplitter(MAX_LINE_BYTES);
    private final Deque<LineGroup> open = new ArrayDeque<>();
    private final AsyncCallback<Stored> onStored = createAsyncCallback(this::stored);
    private LineGroup next = new LineGroup();
    private boolean hasPiece;
    private boolean isEnded;
    private boolean waitsForBudget;
    private int publishing;
    private int openLines;
    private long openBytes;
    private long lineCount;
    private long timedLine = -1;
    private long lineBegunNanos;
    private long lineReservedBytes;
    private @Nullable Problem lineProblem;
    private @Nullable Problem endProblem;

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              lines.add(grab(in).toArrayUnsafe());
              hasPiece = true;
              work();
            }

            @Override
            public void onUpstreamFinish() {
              isEnded = true;
              work();
            }

            @Override
            public void onUpstreamFailure(Throwable failure) {
              end(Problem.of(ProblemType.MALFORMED, "the body ended before it was complete"));
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              work();
            }
          });
    }

    @Override
    public void preStart() {
      scheduleWithFixedDelay(CHECK, lineTimeout.dividedBy(4), lineTimeout.dividedBy(4));
    }

    @Override
    public void postStop() {
      budget.release(lineReservedBytes);
    }

    @Override
    public void onTimer(Object key) {
      if (key.equals(RETRY)) {
        waitsForBudget = false;
      } else if (lines.isInLine()
          && hasBeenPulled(in)
          && nanoTime.getAsLong() - lineBegunNanos > lineTimeout.toNanos()) {
        cancel(in);
        end(
            Problem.of(
                ProblemType.SLOW_REQUEST,
                "the line was not complete within " + lineTimeout.toSeconds() + "s"));
      }
      work();
    }

    /** What came whole still counts; the rest is answered with one problem. */
    private void end(Problem problem) {
      isEnded = true;
      endProblem = problem;
      work();
    }

    private void work() {
      readLines();
      publishGroup();
      answer();
      if (isEnded && !hasMore() && open.isEmpty() && next.isEmpty()) {
        completeStage();
      } else if (!hasPiece && !isEnded && mayTakeLine() && !hasBeenPulled(in)) {
        pull(in);
      }
    }

    private boolean mayTakeLine() {
      return !waitsForBudget
          && openLines < MAX_OPEN_LINES
          && openBytes < MAX_OPEN_BYTES
          && !next.isFull();
    }

    private void readLines() {
      while (mayTakeLine() && hasMore()) {
        LineSplitter.Found found = hasPiece ? lines.next() : lastLine();
        switch (found) {
          case LINE -> {
            lineCount++;
            if (!lines.isBlank()) {
              next.add(lineCount, lines, target.maxMessageBytes());
              openLines++;
            }
          }
          case TOO_LONG -> {
            lineCount++;
            next.refuse(lineCount, lineProblem == null ? tooLong() : lineProblem);
            lineProblem = null;
            openLines++;
          }
          case NOTHING -> hasPiece = false;
        }
        reserveForLine();
        if (next.isFull()) {
          publishGroup();
        }
      }
    }

    private boolean hasMore() {
      return hasPiece || (isEnded && (lines.isInLine() || endProblem != null));
    }

    private LineSplitter.Found lastLine() {
      if (endProblem != null) {
        lineProblem = endProblem;
        endProblem = null;
        lines.giveUpLine();
      }
      return lines.last();
    }

    /** A line of several pieces takes memory of the node while it is put together. */
    private void reserveForLine() {
      long begun = lines.begunBytes();
      if (lines.isInLine() && timedLine != lineCount) {
        timedLine = lineCount;
        lineBegunNanos = nanoTime.getAsLong();
      }
      if (begun < lineReservedBytes) {
        budget.release(lineReservedBytes - begun);
        lineReservedBytes = begun;
      } else if (begun > lineReservedBytes) {
        if (budget.tryReserve(begun - lineReservedBytes)) {
          lineReservedBytes = begun;
        } else {
          lineProblem =
              Problem.of(
                  ProblemType.OVER_LIMIT, "too many bytes of request bodies are being handled");
          lines.giveUpLine();
          budget.release(lineReservedBytes);
          lineReservedBytes = 0;
        }
      }
    }

    private void publishGroup() {
      if (next.isEmpty()
          || waitsForBudget
          || publishing >= MAX_OPEN_GROUPS
          || (publishing >= EAGER_GROUPS && next.lineCount() < FULL_GROUP_LINES)) {
        return;
      }
      LineGroup group = next;
      long bytes = group.bytes();
      if (!budget.tryReserve(bytes)) {
        waitsForBudget = true;
        scheduleOnce(RETRY, BUDGET_RETRY);
        return;
      }
      next = new LineGroup();
      open.add(group);
      if (group.messages().isEmpty()) {
        group.complete(List.of());
        return;
      }
      openBytes += bytes;
      publishing++;
      target
          .publish(group.messages())
          .whenComplete(
              (results, failure) -> {
                budget.release(bytes);
                onStored.invoke(new Stored(group, results, failure));
              });
    }

    private void stored(Stored stored) {
      LineGroup group = stored.group();
      publishing--;
      openBytes -= group.bytes();
      List<PublishResult> results = stored.results();
      if (results != null) {
        group.complete(results);
      } else {
        Throwable failure = stored.failure();
        group.fail(
            target.problem(failure == null ? new IllegalStateException("no results") : failure));
      }
      work();
    }

    private void answer() {
      LineGroup first = open.peek();
      ByteString answer = first == null ? null : first.answer();
      if (first != null && answer != null && isAvailable(out)) {
        open.remove();
        openLines -= first.lineCount();
        push(out, answer);
      }
    }

    private static Problem tooLong() {
      return Problem.of(
          ProblemType.TOO_LARGE,
          "the line is longer than " + MAX_LINE_BYTES + " bytes, the limit here");
    }
  }
}
