package io.tidewheel.crash;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.crash.CrashOptions.Mode;
import io.tidewheel.crash.History.Operation;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Kills a real broker again and again while it is used, and checks that it keeps its promises. Run
 * it with {@code bin/crash-test}.
 */
public final class CrashTest {
  static final String TOPIC_PATH = "/v1/topics/crash";
  static final String SUBSCRIPTION_PATH = TOPIC_PATH + "/subscriptions/workers";
  private static final String HISTORY = "history.jsonl.gz";
  private static final String UNSAFE =
      "-Dtidewheel.journal.embedded.unsafe-answer-before-flush=true";
  private static final long FIRST_ANSWER_MILLIS = 30_000;
  private static final long DRAIN_SECONDS = 600;

  private final CrashOptions options;
  private final PrintStream out;
  private final SplittableRandom random;
  private final int port;
  private final Path data;
  private final BrokerClient client;
  private final History history;
  private final RoundGate callerGate;
  private final RoundGate workerGate;
  private final List<CrashWorker> workers = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();
  private long slowestStartMillis;
  private int startCount;
  private int kills;

  private CrashTest(CrashOptions options, PrintStream out) throws IOException {
    this.options = options;
    this.out = out;
    this.random = new SplittableRandom(options.seed());
    this.data = options.directory().resolve("data");
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = socket.getLocalPort();
    }
    this.client = new BrokerClient(port);
    this.history = new History(options.directory().resolve(HISTORY));
    this.callerGate = new RoundGate(options.callers());
    this.workerGate = new RoundGate(options.workers());
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    PrintStream out = System.out;
    if (List.of(arguments).contains("--help")) {
      out.println(CrashOptions.USAGE);
      return;
    }
    CrashOptions options;
    try {
      options = CrashOptions.parse(arguments, System.nanoTime() & 0xffff_ffffL);
    } catch (CrashOptions.UsageException e) {
      System.err.println("crash-test: " + e.getMessage() + "\n" + CrashOptions.USAGE);
      System.exit(2);
      return;
    }
    if (!isOurs(options.directory())) {
      System.err.println(
          "crash-test: " + options.directory() + " holds other things; it would be deleted");
      System.exit(2);
      return;
    }
    DataCopy.delete(options.directory());
    Files.createDirectories(options.directory());
    CrashTest test = new CrashTest(options, out);
    System.exit(test.run() ? 0 : 1);
  }

  private static boolean isOurs(Path directory) {
    return !Files.exists(directory) || Files.exists(directory.resolve(HISTORY));
  }

  private boolean run() throws IOException, InterruptedException {
    out.printf(
        "crash test: mode %s, %d rounds, seed %d, port %d, in %s%n",
        options.mode(), options.rounds(), options.seed(), port, options.directory());
    startClients();
    try {
      for (int round = 1; round <= options.rounds(); round++) {
        round(round);
      }
      drain();
    } catch (IOException e) {
      failures.add(e.getMessage());
    } finally {
      callerGate.end();
      workerGate.end();
      history.close();
    }
    return new CrashReport(options, history, failures).print(out, kills, slowestStartMillis);
  }

  private void startClients() {
    for (int i = 0; i < options.callers(); i++) {
      Threads.start("caller-" + i, new Caller(i, client, history, callerGate, random.split()));
    }
    for (int i = 0; i < options.workers(); i++) {
      CrashWorker worker = new CrashWorker(client, history, workerGate, random.split());
      workers.add(worker);
      Threads.start("worker-" + i, worker);
    }
  }

  private void round(int round) throws IOException, InterruptedException {
    BrokerProcess broker = start();
    if (round == 1) {
      client.put(TOPIC_PATH, "{\"queues\":2}").expect(201);
      client.put(SUBSCRIPTION_PATH, "{\"start\":\"earliest\"}").expect(201);
    }
    long before = history.successCount(Operation.PUBLISH_BATCH);
    callerGate.open();
    workerGate.open();
    if (!history.awaitMore(Operation.PUBLISH_BATCH, before, FIRST_ANSWER_MILLIS)) {
      throw new IOException("nothing was stored for " + FIRST_ANSWER_MILLIS + " ms");
    }
    long millis = (long) (random.nextDouble(0.05, 1) * options.seconds() * 1_000);
    pause(millis);
    if (options.mode() == Mode.UNSAFE || random.nextBoolean()) {
      // The sharpest moment: the answer has come, and the flush must have been before it.
      long now = history.successCount(Operation.PUBLISH_BATCH);
      history.awaitMore(Operation.PUBLISH_BATCH, now, FIRST_ANSWER_MILLIS);
    }
    if (options.mode() == Mode.DAMAGE) {
      // Everything in the log shall have been answered, so that all of it counts.
      closeGates();
      broker.kill();
    } else {
      broker.kill();
      closeGates();
    }
    kills++;
    history.note("kill", "round " + round);
    String damage = disturb(round);
    out.printf(
        "round %d: killed after %d ms, %,d stored, %,d acked%s%n",
        round,
        millis,
        history.ask(DeliveryChecker::confirmed),
        history.ask(DeliveryChecker::ackConfirmed),
        damage);
  }

  private void closeGates() throws InterruptedException {
    callerGate.closeAndAwait();
    workerGate.closeAndAwait();
  }

  private String disturb(int round) throws IOException, InterruptedException {
    switch (options.mode()) {
      case TORN -> {
        LogFile log = LogFile.newest(data);
        int bytes = log.appendTorn(random);
        history.note("torn", bytes + " bytes");
        return ", " + bytes + " bytes of a torn record added to " + log.path().getFileName();
      }
      case DAMAGE -> {
        return refusesDamage(round);
      }
      case UNSAFE -> {
        LogFile.cutUnflushed(data);
        return ", unflushed bytes cut off";
      }
      default -> {
        return "";
      }
    }
  }

  /** Damages a copy's worth of data in several ways; none may be served. */
  private String refusesDamage(int round) throws IOException, InterruptedException {
    Path copy = options.directory().resolve("copy");
    DataCopy.copy(data, copy);
    List<LogFile.Range> records = LogFile.newest(data).records();
    StringBuilder told = new StringBuilder();
    LogFile.Range any = records.get(random.nextInt(records.size()));
    LogFile.Range last = records.get(records.size() - 1);
    LogFile.newest(data).flip(any, random);
    told.append(refusal(round, "a flipped bit in a record"));
    DataCopy.restore(copy, data);
    LogFile.newest(data).flip(last, random);
    told.append(refusal(round, "a flipped bit in the last record"));
    DataCopy.restore(copy, data);
    LogFile.newest(data).cutBefore(last);
    told.append(refusal(round, "the last record cut off"));
    DataCopy.restore(copy, data);
    LogFile.newest(data).cutBefore(any);
    told.append(refusal(round, "records cut off"));
    DataCopy.restore(copy, data);
    return told.toString();
  }

  private String refusal(int round, String damage) throws IOException, InterruptedException {
    BrokerProcess broker = launch();
    int exitCode = broker.awaitRefusal();
    String line = broker.output().lines().reduce("", (first, next) -> next);
    if (exitCode != 1 || !line.startsWith("tidewheel: ")) {
      failures.add(
          "round %d: %s: exit code %d, last line: %s".formatted(round, damage, exitCode, line));
      return "\n  NOT REFUSED: " + damage;
    }
    return "\n  refused " + damage + ": " + line;
  }

  private void drain() throws IOException, InterruptedException {
    BrokerProcess broker = start();
    workers.forEach(CrashWorker::drain);
    // The callers' gate stays closed.
    workerGate.open();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
    long quiet = TimeUnit.SECONDS.toNanos(CrashWorker.LEASE_SECONDS + 2);
    while (System.nanoTime() < deadline && (isBusy(quiet) || !isEmpty())) {
      pause(100);
    }
    if (!isEmpty()) {
      failures.add("not drained after " + DRAIN_SECONDS + " s");
    }
    workerGate.closeAndAwait();
    history.ask(
        checker -> {
          checker.drained();
          return true;
        });
    if (!broker.stop()) {
      failures.add("SIGTERM did not stop the broker");
    }
  }

  /** Leases of what was forgotten must have ended before nothing means nothing. */
  private boolean isBusy(long quietNanos) {
    long last = workers.stream().mapToLong(CrashWorker::lastDeliveryNanos).max().orElse(0);
    return System.nanoTime() - last < quietNanos;
  }

  private boolean isEmpty() throws IOException, InterruptedException {
    JsonNode state = client.get(SUBSCRIPTION_PATH).body();
    return state.path("backlog").asLong(-1) == 0 && state.path("leased").asLong(-1) == 0;
  }

  private BrokerProcess start() throws IOException, InterruptedException {
    BrokerProcess broker = launch();
    slowestStartMillis = Math.max(slowestStartMillis, broker.awaitReady());
    history.note("ready", "start " + startCount);
    return broker;
  }

  private BrokerProcess launch() throws IOException {
    startCount++;
    return BrokerProcess.start(
        options.program(),
        data,
        port,
        options.directory().resolve("broker-" + startCount + ".out"),
        options.mode() == Mode.UNSAFE ? UNSAFE : "",
        client);
  }

  /** The moment of a kill cannot be waited for otherwise. */
  private static void pause(long millis) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(millis);
  }
}
