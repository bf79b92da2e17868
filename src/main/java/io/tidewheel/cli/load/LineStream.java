package io.tidewheel.cli.load;

import io.tidewheel.cli.load.RequestTemplate.Field;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Publishes on one connection as a stream of lines: sends while fewer lines than the window are
 * without an answer. One thread writes, another one reads the answers, a line each, in order.
 */
final class LineStream implements Runnable {
  private static final int MAX_GROUP_LINES = 64;
  private static final int CONNECT_MILLIS = 5_000;
  private static final long WAIT_MILLIS = 10;
  private static final long STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
  private static final long FINISH_MILLIS = 5_000;
  private static final byte[] SIZE = "00000000\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final LoadPlan plan;
  private final RunState state;
  private final Meters meters;
  private final LongSupplier nanoTime;
  private final String path;
  private final SplittableRandom random;
  private final RequestTemplate line;
  private final ByteBuffer out;
  private final @Nullable Pace pace;
  private final Semaphore window;

  /** When open lines started, at their number modulo the window. */
  private final AtomicLongArray starts;

  private long startNanos;
  private long sentCount;
  private final AtomicLong answeredCount = new AtomicLong();
  private volatile @Nullable String failure;

  LineStream(LoadPlan plan, RunState state, Meters meters, int number, LongSupplier nanoTime) {
    this.plan = plan;
    this.state = state;
    this.meters = meters;
    this.nanoTime = nanoTime;
    this.path = "/v1/topics/" + plan.topics().get(number % plan.topics().size());
    this.random = new SplittableRandom(plan.seed() + number);
    RequestTemplate.Builder body = PublishScript.message(plan).text("\n");
    this.line = body.build();
    this.out = ByteBuffer.allocateDirect(SIZE.length + 2 + body.size() * MAX_GROUP_LINES);
    this.window = new Semaphore(plan.lineWindow());
    this.starts = new AtomicLongArray(plan.lineWindow());
    this.pace =
        plan.rate() > 0
            ? new Pace(plan.rate() / plan.producers(), number / (double) plan.producers())
            : null;
  }

  @Override
  public void run() {
    try (SocketChannel channel = SocketChannel.open()) {
      channel.socket().connect(plan.address(), CONNECT_MILLIS);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      Thread reader = new Thread(() -> readAnswers(channel), "load-answers");
      reader.setDaemon(true);
      reader.start();
      writeLines(channel);
      reader.join(FINISH_MILLIS);
      // Whoever still reads gets the end of the stream.
      channel.shutdownInput();
      reader.join(FINISH_MILLIS);
      finish();
    } catch (IOException e) {
      state.abort("cannot connect to " + plan.host() + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void writeLines(SocketChannel channel) throws InterruptedException {
    try {
      String head =
          "POST "
              + path
              + "/messages:batch HTTP/1.1\r\nHost: "
              + plan.host()
              + "\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
      write(channel, ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
      if (pace != null) {
        pace.start(nanoTime.getAsLong());
      }
      boolean isOpen = true;
      while (isOpen && failure == null) {
        out.clear().put(SIZE);
        isOpen = fill();
        int bytes = out.position() - SIZE.length;
        if (bytes > 0) {
          for (int digit = 7, left = bytes; digit >= 0; digit--, left >>>= 4) {
            out.put(digit, HEX[left & 0xf]);
          }
          out.put((byte) '\r').put((byte) '\n');
          write(channel, out.flip());
        }
      }
      write(channel, ByteBuffer.wrap("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
    } catch (IOException e) {
      fail(e);
    }
  }

  /** Adds lines that are due and have room; false if there are none any more. */
  private boolean fill() throws InterruptedException {
    for (int count = 0; count < MAX_GROUP_LINES; count++) {
      long now = nanoTime.getAsLong();
      long start = pace == null ? now : pace.dueNanos();
      if (state.isStopping() || (state.isWindowOver() && start >= state.endNanos())) {
        return false;
      }
      if (start > now) {
        if (count == 0) {
          LockSupport.parkNanos(Math.min(start - now, STEP_NANOS));
        }
        return true;
      }
      boolean hasRoom =
          (count > 0 || state.isWindowOver())
              ? window.tryAcquire()
              : window.tryAcquire(WAIT_MILLIS, TimeUnit.MILLISECONDS);
      if (!hasRoom) {
        return !state.isWindowOver();
      }
      startNanos = pace == null && count == 0 ? nanoTime.getAsLong() : start;
      if (!state.take(startNanos, 1)) {
        return false;
      }
      starts.set((int) (sentCount % starts.length()), startNanos);
      sentCount++;
      out.put(line.fill(this::number));
      if (pace != null) {
        pace.advance();
      }
    }
    return true;
  }

  private long number(Field field) {
    return switch (field) {
      case TOPIC -> 0;
      case KEY -> random.nextInt(plan.keyCount());
      case ID -> state.nextId();
      case SENT_AT -> startNanos;
    };
  }

  private void readAnswers(SocketChannel channel) {
    AnswerLines lines = new AnswerLines(this::answered);
    ByteBuffer in = ByteBuffer.allocate(64 << 10);
    try {
      while (!lines.isDone()) {
        int count = channel.read(in.clear());
        if (count < 0) {
          throw new IOException("connection closed");
        }
        lines.accept(in.array(), count);
      }
    } catch (IOException e) {
      fail(e);
    }
  }

  private void answered(boolean isError) {
    long start = starts.get((int) (answeredCount.get() % starts.length()));
    settle(start, isError ? "refused in a stream" : null);
    window.release();
  }

  /** Reader, and the writer once the reader has ended. */
  private void settle(long start, @Nullable String reason) {
    long now = nanoTime.getAsLong();
    answeredCount.incrementAndGet();
    if (state.isMeasured(start)) {
      if (reason == null) {
        meters.of(Operation.PUBLISH).answered(now - start, 1);
        state.published(1);
      } else {
        meters.of(Operation.PUBLISH).waited(now - start);
        meters.failed("publish: " + reason, 1);
      }
    }
    state.settled(start, now, 1);
  }

  private void fail(IOException reason) {
    if (failure == null) {
      failure = reason.getMessage() == null ? reason.toString() : reason.getMessage();
    }
  }

  /** Lines that were not answered, and those that were not sent. */
  private void finish() {
    String reason = failure == null ? "no answer at the end" : failure;
    while (answeredCount.get() < sentCount) {
      settle(starts.get((int) (answeredCount.get() % starts.length())), reason);
    }
    while (pace != null
        && state.isWindowOver()
        && pace.dueNanos() < state.endNanos()
        && isUnsent(pace.dueNanos())) {
      pace.advance();
    }
  }

  private boolean isUnsent(long due) {
    if (!state.isMeasured(due)) {
      return true;
    }
    boolean isOpen = state.takeUnsent(1);
    if (isOpen) {
      meters.of(Operation.PUBLISH).unsent(state.endNanos() - due, 1);
    }
    return isOpen;
  }

  private static void write(SocketChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
