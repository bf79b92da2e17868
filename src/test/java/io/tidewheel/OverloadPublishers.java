package io.tidewheel;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A process of its own: publishes as fast as answers come, then at three times that whatever the
 * answers are, then as before. Prints what it saw, and where what was confirmed is stored.
 */
public final class OverloadPublishers {
  private static final int MIN_CONNECTIONS = 64;
  private static final int MAX_CONNECTIONS = 512;
  private static final int WARM_SECONDS = 8;
  private static final int CAPACITY_SECONDS = 6;
  private static final int RECOVERY_SECONDS = 8;
  private static final int PIECE_BYTES = 32 << 10;
  private static final int SAMPLED = 50;

  private final int port;
  private final String path;
  private final byte[] body;
  private final int room;
  private final AtomicLong ids = new AtomicLong();
  private final AtomicLong confirmed = new AtomicLong();

  /** What came of one request; status 0 without an answer. */
  private record Answered(int status, long atNanos, double millis, boolean isEarly) {}

  private OverloadPublishers(int port, String path, byte[] body, int room) {
    this.room = room;
    this.port = port;
    this.path = path;
    this.body = body;
  }

  /** Port, path, bytes of a body, seconds of overload, bytes that the broker has room for. */
  public static void main(String[] arguments) throws InterruptedException {
    byte[] body = body(arguments[1], Integer.parseInt(arguments[2]));
    OverloadPublishers publishers =
        new OverloadPublishers(
            Integer.parseInt(arguments[0]),
            arguments[1],
            body,
            (int) (Long.parseLong(arguments[4]) / body.length));
    publishers.run(Integer.parseInt(arguments[3]));
  }

  private static byte[] body(String path, int bytes) {
    if (!path.endsWith(":batch")) {
      return new byte[bytes];
    }
    String message = "{\"body\":\"" + "x".repeat(2_000) + "\"}";
    int count = Math.max(1, bytes / message.length());
    String messages = String.join(",", Collections.nCopies(count, message));
    return ("{\"messages\":[" + messages + "]}").getBytes(StandardCharsets.US_ASCII);
  }

  private void run(int seconds) throws InterruptedException {
    closed(WARM_SECONDS);
    double capacity = stored(closed(CAPACITY_SECONDS)) / (double) CAPACITY_SECONDS;
    long began = System.nanoTime();
    List<Answered> answers = open(3 * capacity, seconds);
    double took = (System.nanoTime() - began) / 1e9;
    long ended = System.nanoTime();
    List<Answered> after = closed(RECOVERY_SECONDS);
    List<Double> refused = millis(answers, 429);
    System.out.printf(
        Locale.ROOT,
        "FIGURES overload %s of %d KiB: capacity %.0f/s; sent %.0f/s for %.0f s: stored %.0f/s,"
            + " refused %.0f/s (%.0f %% before their body was sent), others %d; 429 after %.1f ms"
            + " (p50), %.1f ms (p99), %.1f ms at most, %.1f %% within 50 ms; stored after %.1f ms"
            + " (p50), %.1f ms (p99)%n",
        path.endsWith(":batch") ? "batches" : "messages",
        body.length >> 10,
        capacity,
        answers.size() / took,
        took,
        stored(answers) / took,
        refused.size() / took,
        100.0
            * answers.stream().filter(each -> each.status == 429 && each.isEarly).count()
            / Math.max(1, refused.size()),
        answers.size() - stored(answers) - refused.size(),
        at(refused, 0.5),
        at(refused, 0.99),
        at(refused, 1),
        100.0 * refused.stream().filter(each -> each <= 50).count() / Math.max(1, refused.size()),
        at(millis(answers, 201, 200), 0.5),
        at(millis(answers, 201, 200), 0.99));
    StringBuilder bySecond = new StringBuilder();
    for (int second = 0; second < RECOVERY_SECONDS; second++) {
      long from = ended + second * 1_000_000_000L;
      long count =
          after.stream()
              .filter(
                  each ->
                      isStored(each)
                          && each.atNanos >= from
                          && each.atNanos < from + 1_000_000_000L)
              .count();
      bySecond.append(String.format(Locale.ROOT, " %.2f", count / capacity));
    }
    System.out.println("FIGURES overload, seconds after it, of the capacity:" + bySecond);
    System.out.println("CONFIRMED " + confirmed.get());
  }

  private static List<Double> millis(List<Answered> answers, int... statuses) {
    List<Double> millis = new ArrayList<>();
    for (Answered each : answers) {
      for (int status : statuses) {
        if (each.status == status) {
          millis.add(each.millis);
        }
      }
    }
    Collections.sort(millis);
    return millis;
  }

  private static double at(List<Double> sorted, double share) {
    return sorted.isEmpty()
        ? Double.NaN
        : sorted.get((int) Math.min(sorted.size() - 1, sorted.size() * share));
  }

  private static boolean isStored(Answered each) {
    return each.status == 201 || each.status == 200;
  }

  private static long stored(List<Answered> answers) {
    return answers.stream().filter(OverloadPublishers::isStored).count();
  }

  /** One after the other on each connection. */
  private List<Answered> closed(int seconds) throws InterruptedException {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    return on(Math.max(2, Math.min(16, room / 2)), turn -> System.nanoTime() < end ? 0 : -1);
  }

  /** At this rate, or as fast as so many connections go. */
  private List<Answered> open(double perSecond, int seconds) throws InterruptedException {
    long began = System.nanoTime();
    long end = began + seconds * 1_000_000_000L;
    AtomicLong next = new AtomicLong();
    return on(
        Math.max(MIN_CONNECTIONS, Math.min(MAX_CONNECTIONS, 3 * room)),
        turn -> {
          long at = began + (long) (next.getAndIncrement() / perSecond * 1e9);
          return at < end && System.nanoTime() < end ? at : -1;
        });
  }

  /** When the next one goes out; negative for never. */
  private interface Schedule {
    long nextNanos(int turn);
  }

  private List<Answered> on(int connections, Schedule schedule) throws InterruptedException {
    ConcurrentLinkedQueue<Answered> answers = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Thread thread = new Thread(() -> publish(schedule, answers));
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return new ArrayList<>(answers);
  }

  private void publish(Schedule schedule, ConcurrentLinkedQueue<Answered> answers) {
    try (Line line = new Line()) {
      long next;
      for (int turn = 0; (next = schedule.nextNanos(turn)) >= 0; turn++) {
        while (next > System.nanoTime()) {
          LockSupport.parkNanos(next - System.nanoTime());
        }
        answers.add(line.send());
      }
    }
  }

  /** A connection that is made again when it was closed. */
  private final class Line implements AutoCloseable {
    private Socket socket;
    private InputStream in;
    private OutputStream out;

    private Answered send() {
      long began = System.nanoTime();
      try {
        if (socket == null) {
          socket = new Socket(InetAddress.getLoopbackAddress(), port);
          socket.setTcpNoDelay(true);
          socket.setSoTimeout(30_000);
          in = new BufferedInputStream(socket.getInputStream());
          out = socket.getOutputStream();
        }
        began = System.nanoTime();
        String id = path.endsWith(":batch") ? "" : "Idempotency-Key: m" + ids.incrementAndGet();
        String head =
            "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n"
                .formatted(path, "Content-Length: " + body.length);
        out.write(
            (head + (id.isEmpty() ? "" : id + "\r\n") + "\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        int sent = 0;
        // As curl does: who hears that it is refused sends no more.
        while (sent < body.length && in.available() == 0) {
          int piece = Math.min(PIECE_BYTES, body.length - sent);
          out.write(body, sent, piece);
          sent += piece;
        }
        return answer(began, sent < body.length);
      } catch (IOException e) {
        close();
        return new Answered(0, System.nanoTime(), (System.nanoTime() - began) / 1e6, false);
      }
    }

    private Answered answer(long began, boolean isEarly) throws IOException {
      String status = line();
      long at = System.nanoTime();
      int length = 0;
      boolean isClosed = isEarly;
      for (String header = line(); !header.isEmpty(); header = line()) {
        String low = header.toLowerCase(Locale.ROOT);
        isClosed |= low.startsWith("connection: close");
        length =
            low.startsWith("content-length:") ? Integer.parseInt(low.substring(15).trim()) : length;
      }
      String text = new String(in.readNBytes(length), StandardCharsets.UTF_8);
      int code = Integer.parseInt(status.substring(9, 12));
      if (code == 201 || code == 200) {
        tell(text);
      }
      if (isClosed) {
        close();
      }
      return new Answered(code, at, (at - began) / 1e6, isEarly);
    }

    private void tell(String text) {
      int count = text.split("\"offset\":", -1).length - 1;
      if (confirmed.getAndAdd(count) % SAMPLED == 0) {
        System.out.println("STORED " + text);
      }
    }

    private String line() throws IOException {
      StringBuilder text = new StringBuilder();
      for (int each = in.read(); each != '\n'; each = in.read()) {
        if (each < 0) {
          throw new IOException("the connection was closed");
        }
        if (each != '\r') {
          text.append((char) each);
        }
      }
      return text.toString();
    }

    @Override
    public void close() {
      try {
        if (socket != null) {
          socket.close();
        }
      } catch (IOException e) {
        // It is of no use any more in any case.
      }
      socket = null;
    }
  }
}
