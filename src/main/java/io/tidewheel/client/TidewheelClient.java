package io.tidewheel.client;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleSupplier;

/**
 * A client of a cluster, or of one broker. Keeps a session with each broker, finds out by itself
 * where queues live, and goes on when a connection or a node is lost. Safe for any thread; one is
 * enough for a process.
 */
public final class TidewheelClient implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(TidewheelClient.class.getName());
  private static final long TICK_NANOS = 20_000_000;
  private static final long BUSY_NANOS = 250_000_000;

  private final Brokers brokers;
  private final RetryBudget retries = new RetryBudget();
  private final Backoff backoff;
  private final Map<String, Publisher> publishers = new ConcurrentHashMap<>();
  private final List<Worker> workers = new CopyOnWriteArrayList<>();
  private final ExecutorService threads;
  private final Thread clock;
  private volatile boolean isClosed;

  private TidewheelClient(ClientSettings settings) {
    SecureRandom random = new SecureRandom();
    this.brokers = new Brokers(settings, random, System::nanoTime);
    this.backoff = new Backoff(20, 1_000, random);
    this.threads =
        Executors.newCachedThreadPool(
            body -> {
              Thread thread = new Thread(body, "tidewheel-worker");
              thread.setDaemon(true);
              return thread;
            });
    brokers.start();
    this.clock = ClientThread.start("tidewheel-client-clock", this::tick);
  }

  /** Builds a client. */
  public static Builder builder() {
    return new Builder();
  }

  /** The publisher of a topic; always the same. */
  public Publisher publisher(String topic) {
    return publishers.computeIfAbsent(
        topic,
        name -> {
          Publisher publisher = new Publisher(name, brokers, retries, backoff);
          brokers.add(publisher);
          return publisher;
        });
  }

  /** A worker of a subscription, which begins when it is started. */
  public Worker worker(String topic, String subscription) {
    Worker worker = new Worker(topic, subscription, brokers, threads);
    workers.add(worker);
    return worker;
  }

  /** A watch of what waits in the cluster, which begins when it is started. */
  public BacklogWatch watchBacklog() {
    return new BacklogWatch(brokers, threads);
  }

  private void tick() {
    long toldNanos = brokers.nanoTime().getAsLong();
    while (!isClosed) {
      try {
        long now = brokers.nanoTime().getAsLong();
        brokers.publishers().forEach(publisher -> publisher.tick(now));
        brokers.workers().forEach(worker -> worker.tick(now));
        brokers.watches().forEach(watch -> watch.tick(now));
        if (now - toldNanos >= BUSY_NANOS) {
          toldNanos = now;
          brokers.tellBusy();
        }
      } catch (RuntimeException e) {
        // Deadlines and leases of all others hang on this thread.
        LOG.log(System.Logger.Level.ERROR, "the clock of the client", e);
      }
      LockSupport.parkNanos(TICK_NANOS);
    }
  }

  /**
   * Drains the workers, waits until what was published is decided, at most until its deadline, and
   * ends all sessions.
   */
  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    brokers.watches().forEach(WatchRun::close);
    workers.forEach(Worker::close);
    publishers.values().forEach(Publisher::close);
    while (!publishers.values().stream().allMatch(Publisher::isIdle)
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    isClosed = true;
    brokers.close();
    LockSupport.unpark(clock);
    threads.shutdown();
  }

  /** How a client is. */
  public static final class Builder {
    private List<URI> endpoints = List.of();
    private String name = "java";
    private Duration deadline = Duration.ofSeconds(30);
    private int maxPendingBytes = 64 << 20;
    private boolean isBlocking = true;
    private boolean isFollowing = true;
    private DoubleSupplier hostLoad =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)::getCpuLoad;

    private Builder() {}

    /**
     * Where brokers are, as URLs; some of a cluster are enough.
     *
     * @throws IllegalArgumentException if one is no URL of HTTP
     */
    public Builder endpoints(String... urls) {
      List<URI> parsed = new ArrayList<>();
      for (String url : urls) {
        URI uri = URI.create(url);
        if (uri.getHost() == null
            || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
          throw new IllegalArgumentException(
              "endpoint " + url + ": expected a URL such as http://127.0.0.1:8080");
        }
        parsed.add(uri);
      }
      endpoints = List.copyOf(parsed);
      return this;
    }

    /**
     * Connects to the endpoints alone, and not to the members that brokers name: where those cannot
     * be reached, because a proxy is in between, or shall not. Queues of others are served by the
     * brokers at these.
     */
    public Builder onlyEndpoints() {
      isFollowing = false;
      return this;
    }

    /** Of this client, for people; {@code java} if it is not said. */
    public Builder name(String text) {
      name = text;
      return this;
    }

    /**
     * Within which a publish is decided; 30 s if it is not said. Failures of connections and nodes
     * are hidden as long as they are shorter.
     */
    public Builder deadline(Duration duration) {
      if (duration.toMillis() < 1 || duration.compareTo(Duration.ofHours(1)) > 0) {
        throw new IllegalArgumentException("deadline " + duration + ": expected 1 ms to 1 h");
      }
      deadline = duration;
      return this;
    }

    /**
     * Of messages that a publisher has taken and that are not decided; 64 MiB if it is not said.
     */
    public Builder maxPendingBytes(int bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("maxPendingBytes " + bytes + ": expected 1 or more");
      }
      maxPendingBytes = bytes;
      return this;
    }

    /**
     * Beyond that a publish fails with a {@link RetryableException} instead of waiting for room.
     */
    public Builder failWhenFull() {
      isBlocking = false;
      return this;
    }

    /**
     * How busy the host of this client is, from 0 to 1, asked four times a second while it has
     * workers; what the JVM says if nothing else does. A negative number says nothing. Workers on a
     * busy host get less while others of their subscription have processors to spare.
     */
    public Builder hostLoad(DoubleSupplier share) {
      hostLoad = share;
      return this;
    }

    /**
     * A client that begins to connect.
     *
     * @throws IllegalStateException without endpoints
     */
    public TidewheelClient build() {
      if (endpoints.isEmpty()) {
        throw new IllegalStateException("a client needs endpoints");
      }
      return new TidewheelClient(
          new ClientSettings(
              endpoints,
              isFollowing,
              name,
              deadline,
              maxPendingBytes,
              isBlocking,
              hostLoad,
              Duration.ofSeconds(3),
              Duration.ofSeconds(10)));
    }
  }
}
