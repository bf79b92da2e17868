package io.tidewheel.http;

import akka.Done;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.RequestEntity;
import akka.stream.Materializer;
import akka.stream.ThrottleMode;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.tidewheel.dispatch.SameThread;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.DurationConverters;

/**
 * Reads request bodies into memory: bounded in size, in time and over all connections. A body that
 * is refused is still read to its end (within a bound), because many clients look at the answer
 * only after they have sent everything. What is refused for want of room is answered soon all the
 * same, and the rest of its body is read behind the answer, which closes the connection.
 */
final class BodyReader {
  /** How much of a refused body is read and thrown away. */
  private static final long MAX_DRAINED_BYTES = 32L << 20;

  private static final int FIRST_BUFFER_BYTES = 16 << 10;

  /**
   * How fast the rest of a body is read behind an answer for want of room, and how much at once:
   * all of a small body. Reading is work, and others wait for their answers.
   */
  private static final int OVER_LIMIT_BYTES_PER_SECOND = 2 << 20;

  private static final int OVER_LIMIT_BYTES_AT_ONCE = 64 << 10;

  /** A small body keeps its connection: so long the answer waits for its end. */
  private static final Duration OVER_LIMIT_PATIENCE = Duration.ofMillis(10);

  private final Materializer materializer;
  private final Duration timeout;

  BodyReader(Materializer materializer, Duration timeout) {
    this.materializer = materializer;
    this.timeout = timeout;
  }

  /**
   * Reads the body.
   *
   * @param reservation takes what the body needs of the budget
   * @return the body; fails with a {@link ProblemException} if it is too large, too slow, cut off
   *     or over the budget
   */
  CompletionStage<byte[]> read(HttpRequest request, int maxBytes, Reservation reservation) {
    RequestEntity entity = request.entity();
    if (entity instanceof HttpEntity.Strict strict) {
      ByteString data = strict.getData();
      if (data.size() > maxBytes) {
        throw tooLarge(maxBytes).toException();
      }
      if (!reservation.add(data.size())) {
        throw overBudget().toException();
      }
      return CompletableFuture.completedFuture(data.toArrayUnsafe());
    }
    OptionalLong declared = entity.getContentLengthOption();
    Collector collector = new Collector(maxBytes, reservation);
    collector.expect(declared);
    return run(entity, collector);
  }

  /**
   * Reads a body and throws it away; completes when it is over, however it ended.
   *
   * @param reservation hears when the body is over
   * @param isOverLimit whether it is refused for want of room: completes soon, and reads on
   */
  CompletionStage<Void> drain(HttpRequest request, Reservation reservation, boolean isOverLimit) {
    Collector collector = new Collector(0, reservation);
    collector.refuse(isOverLimit ? overBudget() : tooLarge(0));
    return run(request.entity(), collector).handle((body, failure) -> null);
  }

  private CompletionStage<byte[]> run(RequestEntity entity, Collector collector) {
    boolean isSmall =
        entity.getContentLengthOption().orElse(Long.MAX_VALUE) <= OVER_LIMIT_BYTES_AT_ONCE;
    collector.whenOverLimit(
        problem -> {
          Runnable answer = () -> collector.result.completeExceptionally(problem.toException());
          if (isSmall) {
            materializer.scheduleOnce(DurationConverters.toScala(OVER_LIMIT_PATIENCE), answer);
          } else {
            // A timer would wait its turn behind everything that makes the node busy.
            answer.run();
          }
        });
    Source<ByteString, Object> bytes = entity.withoutSizeLimit().getDataBytes();
    if (collector.isOverLimit()) {
      bytes =
          bytes.throttle(
              OVER_LIMIT_BYTES_PER_SECOND,
              Duration.ofSeconds(1),
              OVER_LIMIT_BYTES_AT_ONCE,
              ByteString::size,
              ThrottleMode.shaping());
    }
    CompletionStage<Done> stream = SameThread.of(bytes.runForeach(collector::add, materializer));
    stream.whenComplete((done, failure) -> collector.end(failure));
    collector.reservation.isReading(collector.ended);
    if (!collector.ended.isDone()) {
      // Not a time limit on the stream: cutting it off would close the connection before the
      // answer.
      var timer =
          materializer.scheduleOnce(
              DurationConverters.toScala(timeout),
              () ->
                  collector.stop(
                      Problem.of(
                          ProblemType.SLOW_REQUEST,
                          "the body did not arrive within " + timeout.toSeconds() + "s")));
      CompletionStage<Void> ended = collector.ended;
      ended.whenComplete((end, failure) -> timer.cancel());
    }
    return collector.result;
  }

  private static Problem tooLarge(int maxBytes) {
    return Problem.of(
        ProblemType.TOO_LARGE, "the body is larger than " + maxBytes + " bytes, the limit here");
  }

  private static Problem overBudget() {
    return Problem.of(ProblemType.OVER_LIMIT, "too many bytes of request bodies are being handled");
  }

  /** What one request holds of the budget. Safe for any thread. */
  static final class Reservation {
    private final ByteBudget budget;
    private long reservedBytes;
    private boolean isClosed;
    private @Nullable CompletableFuture<Void> bodyEnded;

    Reservation(ByteBudget budget) {
      this.budget = budget;
    }

    private synchronized void isReading(CompletableFuture<Void> ended) {
      bodyEnded = ended;
    }

    /** Ready when no more of the body is waited for; null if that is so, or nobody reads it. */
    synchronized @Nullable CompletionStage<Void> rest() {
      return bodyEnded == null || bodyEnded.isDone() ? null : bodyEnded;
    }

    synchronized boolean add(long bytes) {
      if (isClosed || !budget.tryReserve(bytes)) {
        return false;
      }
      reservedBytes += bytes;
      return true;
    }

    synchronized void close() {
      if (!isClosed) {
        isClosed = true;
        budget.release(reservedBytes);
      }
    }
  }

  /** Puts the pieces together. Only used by its stream, one piece after the other. */
  private static final class Collector {
    private final CompletableFuture<byte[]> result = new CompletableFuture<>();

    /** After the result, if the rest of the body is read behind the answer. */
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private final int maxBytes;
    private final Reservation reservation;
    private byte[] buffer = new byte[0];
    private int length;
    private long seenBytes;
    private @Nullable Problem refusal;
    private @Nullable Consumer<Problem> onOverLimit;

    Collector(int maxBytes, Reservation reservation) {
      this.maxBytes = maxBytes;
      this.reservation = reservation;
    }

    void expect(OptionalLong declared) {
      long bytes = declared.orElse(0);
      if (bytes > maxBytes) {
        refuse(tooLarge(maxBytes));
      } else if (!reservation.add(bytes)) {
        refuse(overBudget());
      } else {
        buffer = new byte[(int) bytes];
      }
    }

    void refuse(Problem problem) {
      if (refusal == null) {
        refusal = problem;
        buffer = new byte[0];
        length = 0;
        tellOverLimit();
      }
    }

    /** At most once, also if it is so already. */
    void whenOverLimit(Consumer<Problem> listener) {
      onOverLimit = listener;
      tellOverLimit();
    }

    boolean isOverLimit() {
      return refusal != null && refusal.type() == ProblemType.OVER_LIMIT;
    }

    private void tellOverLimit() {
      Problem problem = refusal;
      Consumer<Problem> listener = onOverLimit;
      if (problem != null && listener != null && isOverLimit()) {
        onOverLimit = null;
        listener.accept(problem);
      }
    }

    void add(ByteString piece) {
      seenBytes += piece.size();
      if (refusal == null && seenBytes > maxBytes) {
        refuse(tooLarge(maxBytes));
      }
      Problem problem = refusal;
      if (problem != null) {
        if (seenBytes > MAX_DRAINED_BYTES) {
          stop(problem);
        }
        return;
      }
      int size = piece.size();
      if (buffer.length - length < size && !grow(length + size)) {
        refuse(overBudget());
        return;
      }
      piece.copyToArray(buffer, length, size);
      length += size;
    }

    private boolean grow(int needed) {
      int capacity = Math.min(maxBytes, Math.max(needed, 2 * buffer.length));
      capacity = Math.max(capacity, Math.min(maxBytes, FIRST_BUFFER_BYTES));
      if (!reservation.add(capacity - buffer.length)) {
        return false;
      }
      buffer = Arrays.copyOf(buffer, capacity);
      return true;
    }

    /** Waits for no more of it. */
    void stop(Problem problem) {
      result.completeExceptionally(problem.toException());
      ended.complete(null);
    }

    void end(@Nullable Throwable failure) {
      ended.complete(null);
      Problem problem = refusal;
      if (problem != null) {
        result.completeExceptionally(problem.toException());
      } else if (failure != null) {
        result.completeExceptionally(
            Problem.of(ProblemType.MALFORMED, "the body ended before it was complete")
                .toException());
      } else {
        result.complete(length == buffer.length ? buffer : Arrays.copyOf(buffer, length));
      }
    }
  }

  /** Refuses bodies that would have to be unpacked. */
  static void checkEncoding(@Nullable String contentEncoding) {
    if (contentEncoding != null
        && !contentEncoding.trim().toLowerCase(Locale.ROOT).equals("identity")) {
      throw Problem.of(
              ProblemType.UNSUPPORTED_MEDIA_TYPE,
              "Content-Encoding "
                  + Problem.quote(contentEncoding)
                  + ": bodies are taken as they are")
          .toException();
    }
  }
}
