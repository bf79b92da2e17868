package io.tidewheel.crash;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Messages that end the process of the worker that handles them, and real processes: each of them
 * may end three at most, and no other message may become a dead letter. Run it with {@code
 * bin/poison-test}.
 */
public final class PoisonRun {
  static final String TOPIC = "poison";
  static final String SUBSCRIPTION = "workers";

  private static final String USAGE =
      """
      Usage: bin/poison-test [--messages N] [--every N] [--workers N] [--seed N]

      Starts a broker and worker processes of the Java client that hold 20 deliveries each. One
      message in so many ends the process that handles it, and the next is started. Checks that none
      ended more than maxAttempts (3) processes, that all of these became dead letters, and nothing
      else did. Exits with 1 if not.

        --messages N  40000
        --every N     one in so many is poisonous; 10000
        --workers N   processes; 16
        --seed N      where the poisonous ones are; 1
      """;

  private static final int MAX_ATTEMPTS = 3;
  private static final int QUEUES = 4;
  private static final int BATCH = 1_000;
  private static final long MAX_SECONDS = 300;
  private static final String TOPIC_PATH = "/v1/topics/" + TOPIC;
  private static final String PATH = TOPIC_PATH + "/subscriptions/" + SUBSCRIPTION;

  private final Map<String, Integer> options;
  private final String url;
  private final BrokerClient client;
  private final Set<String> poison = new TreeSet<>();
  private final Map<String, Integer> deaths = new TreeMap<>();
  private final List<Process> workers = new ArrayList<>();
  private int otherEnds;

  private PoisonRun(Map<String, Integer> options, int port) {
    this.options = options;
    this.url = "http://127.0.0.1:" + port;
    this.client = new BrokerClient(port);
  }

  /** Runs it; exits with 1 if a promise is broken, and with 2 if it is not used as it should be. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Map<String, Integer> options =
        new HashMap<>(Map.of("--messages", 40_000, "--every", 10_000, "--workers", 16));
    options.put("--seed", 1);
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length || !options.containsKey(arguments[i])) {
        System.out.print(USAGE);
        System.exit(arguments[i].equals("--help") ? 0 : 2);
      }
      options.put(arguments[i], Integer.parseInt(arguments[i + 1]));
    }
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    Path directory = Path.of("target/poison");
    DataCopy.delete(directory);
    Files.createDirectories(directory);
    PoisonRun run = new PoisonRun(options, port);
    BrokerProcess broker =
        BrokerProcess.start(
            Path.of("bin/tidewheel").toAbsolutePath(),
            directory.resolve("data"),
            port,
            directory.resolve("broker.log"),
            "",
            run.client);
    boolean isWell;
    try {
      broker.awaitReady();
      isWell = run.run();
    } finally {
      run.workers.forEach(Process::destroyForcibly);
      broker.stop();
    }
    System.exit(isWell ? 0 : 1);
  }

  private boolean run() throws IOException, InterruptedException {
    expect(client.put(TOPIC_PATH, "{\"queues\":" + QUEUES + "}"));
    // The law of success would make this take minutes, with so many processes that end.
    expect(client.put(PATH, "{\"maxAttempts\":" + MAX_ATTEMPTS + ",\"success\":{\"target\":0}}"));
    publish();
    long beganNanos = System.nanoTime();
    for (int i = 0; i < options.get("--workers"); i++) {
      workers.add(start());
    }
    long until = beganNanos + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
    JsonNode subscription = client.get(PATH).body();
    while (!isDone(subscription) && System.nanoTime() - until < 0) {
      replaceEnded();
      TimeUnit.MILLISECONDS.sleep(50);
      subscription = client.get(PATH).body();
    }
    double seconds = (System.nanoTime() - beganNanos) / 1e9;
    replaceEnded();
    return tell(isDone(subscription), dead(), seconds);
  }

  private void publish() {
    SplittableRandom random = new SplittableRandom(options.get("--seed"));
    int count = options.get("--messages");
    for (int i = 0; i < Math.max(1, count / options.get("--every")); i++) {
      poison.add(PoisonWorker.POISON + "-" + random.nextInt(count));
    }
    try (TidewheelClient callers = TidewheelClient.builder().endpoints(url).build()) {
      Publisher publisher = callers.publisher(TOPIC);
      for (int from = 0; from < count; from += BATCH) {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        for (int i = from; i < Math.min(count, from + BATCH); i++) {
          String bad = PoisonWorker.POISON + "-" + i;
          String text = poison.contains(bad) ? bad : "fine-" + i;
          answers.add(publisher.publish(Message.text(text).withId(text)));
        }
        answers.forEach(CompletableFuture::join);
      }
    }
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx48m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-cp",
            System.getProperty("java.class.path"),
            PoisonWorker.class.getName(),
            url)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private void replaceEnded() throws IOException {
    for (int i = 0; i < workers.size(); i++) {
      Process worker = workers.get(i);
      if (!worker.isAlive()) {
        String said =
            new String(worker.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (worker.exitValue() == PoisonWorker.POISONED) {
          said.lines().forEach(each -> deaths.merge(each, 1, Integer::sum));
        } else {
          otherEnds++;
        }
        workers.set(i, start());
      }
    }
  }

  /** Whether nothing is left to be done. */
  private static boolean isDone(JsonNode subscription) {
    return subscription.path("backlog").asLong(1) == 0;
  }

  /** Ids of all dead letters. */
  private Set<String> dead() throws IOException, InterruptedException {
    Set<String> ids = new TreeSet<>();
    for (JsonNode message :
        expect(client.get(PATH + "/messages?state=dead&pageSize=1000")).path("messages")) {
      ids.add(message.path("id").asText());
    }
    return ids;
  }

  private boolean tell(boolean isDone, Set<String> dead, double seconds) {
    int most = deaths.values().stream().mapToInt(n -> n).max().orElse(0);
    Set<String> innocent = new TreeSet<>(dead);
    innocent.removeAll(poison);
    System.out.printf(
        Locale.ROOT,
        "%,d messages, %d poisonous, %d processes with 20 in hand: %d ended by them, at most %d by"
            + " one; dead letters %d, innocent ones %d; %s in %.1f s%n",
        options.get("--messages"),
        poison.size(),
        workers.size(),
        deaths.values().stream().mapToInt(n -> n).sum(),
        most,
        dead.size(),
        innocent.size(),
        isDone ? "all done" : "NOT ALL DONE",
        seconds);
    if (otherEnds > 0) {
      System.out.println(otherEnds + " processes ended otherwise");
    }
    return isDone && otherEnds == 0 && most <= MAX_ATTEMPTS && dead.equals(poison);
  }

  private static JsonNode expect(BrokerClient.Reply reply) throws IOException {
    if (reply.status() >= 300) {
      throw new IOException(reply.toString());
    }
    return reply.body();
  }
}
