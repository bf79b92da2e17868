package io.tidewheel;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.ClusterSingleton;
import akka.cluster.typed.ClusterSingletonSettings;
import akka.cluster.typed.SingletonActor;
import com.typesafe.config.Config;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogReports;
import io.tidewheel.catalog.Catalog;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSettings;
import io.tidewheel.catalog.CatalogView;
import io.tidewheel.catalog.PublishedCatalog;
import io.tidewheel.cluster.ClusterNode;
import io.tidewheel.cluster.ShardedQueues;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.http.Broker;
import io.tidewheel.http.HttpServer;
import io.tidewheel.journal.Fence;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.FencedLog.Ownership;
import io.tidewheel.journal.NodeStore;
import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.StoreTrouble;
import io.tidewheel.journal.cassandra.CassandraStore;
import io.tidewheel.journal.embedded.EmbeddedNodeStore;
import io.tidewheel.queue.ByteBudget;
import io.tidewheel.queue.LogBrowser;
import io.tidewheel.queue.NodePublisher;
import io.tidewheel.queue.Publisher;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueIdle;
import io.tidewheel.queue.QueueInspector;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.queue.TailCache;
import io.tidewheel.session.NodeSessions;
import io.tidewheel.session.SessionBroker;
import io.tidewheel.session.SessionLimits;
import io.tidewheel.subscription.DequeueRates;
import io.tidewheel.subscription.PullLog;
import io.tidewheel.subscription.ReceiptCodec;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.WindowBudget;
import io.tidewheel.worker.Consumer;
import io.tidewheel.worker.Expiry;
import io.tidewheel.worker.Idleness;
import io.tidewheel.worker.NodeConsumer;
import io.tidewheel.worker.NodeLocator;
import io.tidewheel.worker.NodeRedriver;
import io.tidewheel.worker.Questions;
import io.tidewheel.worker.Redrives;
import io.tidewheel.worker.Workers;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongUnaryOperator;

/**
 * A running node: store, queues, workers and HTTP server in this JVM.
 *
 * <p>{@link #close} stops it in order: no new requests, open ones are answered, what is being
 * stored is stored. A node that is killed instead loses nothing that was confirmed.
 */
public final class TidewheelNode implements AutoCloseable {
  private static final Duration CATALOG_TIMEOUT = Duration.ofSeconds(55);

  /** How long open requests may take when the node stops. */
  private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);

  private static final CheckpointPolicy QUEUE_CHECKPOINTS = new CheckpointPolicy(16L << 20, 1_000);
  private static final CheckpointPolicy SMALL_CHECKPOINTS = new CheckpointPolicy(4L << 20, 1_000);
  private static final int RECEIPT_KEY_BYTES = 32;

  private final ActorSystem<Void> system;
  private final HttpServer server;
  private final TidewheelSettings settings;

  private final Local local;
  private final CompletableFuture<Void> stopping = new CompletableFuture<>();

  /** What code in this process uses in place of HTTP: the same parts, without requests. */
  public record Local(CatalogClient topics, Publisher publisher, Consumer consumer) {}

  private TidewheelNode(
      ActorSystem<Void> system, HttpServer server, Local local, TidewheelSettings settings) {
    this.system = system;
    this.server = server;
    this.local = local;
    this.settings = settings;
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind(),
            "say-that-it-stops",
            () -> {
              stopping.complete(null);
              return CompletableFuture.completedFuture(Done.getInstance());
            });
  }

  /**
   * Starts a node and returns when it serves.
   *
   * @param config complete and resolved, as {@code ConfigurationFile.load} gives it
   * @throws io.tidewheel.config.ConfigurationException for a wrong key or value
   * @throws io.tidewheel.journal.embedded.StoreException if the data directory cannot be opened
   * @throws NodeStartException if the node cannot start for another reason, such as a taken port
   */
  public static TidewheelNode start(Config config) {
    TidewheelSettings settings = TidewheelSettings.from(config);
    ClusterWiring.check(settings);
    ActorSystem<Void> system =
        ActorSystem.create(Behaviors.empty(), "tidewheel", NodeConfig.of(config, settings));
    try {
      return start(system, settings);
    } catch (RuntimeException e) {
      waitFor(
          system,
          CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason()),
          settings.node().stopTimeout());
      throw e;
    }
  }

  private static TidewheelNode start(ActorSystem<Void> system, TidewheelSettings settings) {
    // First of all: a directory that cannot be opened must stop the start before anything else
    // runs.
    NodeStore store = openStore(system, settings);
    StartGate gate = StartGate.of(system, settings, store);
    SecureRandom random = new SecureRandom();
    InstantSource clock = InstantSource.system();
    ClusterNode cluster = ClusterWiring.join(system, settings, store, gate);
    String node = cluster.name();
    Fence fence = cluster.fence();

    LongUnaryOperator epochs = epoch -> store.epochAfter(epoch, random);
    StoreTrouble trouble = new StoreTrouble(System::nanoTime);
    Ownership small =
        new Ownership(node, fence, SMALL_CHECKPOINTS, store.smallLogs(), epochs, trouble);
    ShardedQueues queues = new ShardedQueues(system);
    ActorRef<Catalog.Command> catalog =
        ClusterSingleton.get(system)
            .init(
                SingletonActor.of(
                        restarting(
                            Catalog.create(
                                CatalogSettings.of(small, settings.topics().defaultQueues()),
                                queues,
                                clock)),
                        "catalog")
                    .withSettings(ClusterSingletonSettings.create(system).withRole("broker")));
    PublishedCatalog published = new PublishedCatalog();
    CatalogClient topics =
        CatalogView.client(
            system.systemActorOf(
                restarting(CatalogView.create(catalog, published)), "catalog-view", Props.empty()),
            published);
    ActorRef<BacklogBoard.Command> board =
        system.systemActorOf(BacklogBoard.create(), "backlog-board", Props.empty());
    ActorRef<QueueWaker.Command> waker =
        system.systemActorOf(
            QueueWaker.create(queues, published::get, clock), "queue-waker", Props.empty());

    Subscription.Dependencies subscriptions =
        new Subscription.Dependencies(
            topics,
            queues,
            cluster.link(new BacklogReports(board), waker),
            small,
            clock,
            System::nanoTime,
            random,
            new WindowBudget(settings.budgets().windows(), WindowBudget.DEFAULT_WINDOW_BYTES),
            new DequeueRates());
    RowReader rows = store.messageRows();
    TailCache tail = new TailCache(settings.budgets().tailCache());
    queues.start(
        new Queue.Dependencies(
            new Ownership(node, fence, QUEUE_CHECKPOINTS, store.messageLogs(), epochs, trouble),
            clock,
            System::nanoTime,
            published::get,
            rows,
            tail,
            Subscription.factory(subscriptions),
            settings.budgets().pendingPublish() / 2,
            store::isFull,
            QueueIdle.DEFAULT),
        waker,
        cluster);
    ActorRef<Workers.Command> workers =
        system.systemActorOf(
            Workers.create(queues, board, Workers.DEFAULT_MAX_PULLS), "workers", Props.empty());
    Questions settles = new Questions(queues, Questions.DEFAULT_MAX_SETTLES);
    Questions questions = new Questions(queues, Questions.DEFAULT_MAX_QUESTIONS);
    ByteBudget pending = new ByteBudget(settings.budgets().pendingPublish());
    NodePublisher publisher =
        new NodePublisher(
            system,
            queues,
            pending,
            cluster.isMember() ? settings.cluster().queueRetryAfter() : null,
            random,
            System::nanoTime);
    QueueInspector inspector =
        new QueueInspector(
            system.systemActorOf(
                QueueInspector.create(queues, QueueInspector.DEFAULT_MAX_LOOKS),
                "queue-inspector",
                Props.empty()));

    gate.await(() -> topics.refresh(CATALOG_TIMEOUT), "the catalog");
    waker.tell(new QueueWaker.WakeAll(published.get()));
    byte[] receiptKey =
        gate.await(() -> store.readOrCreate("receipt-key", () -> newKey(random)), "the store");
    Idleness idleness = new Idleness(System::nanoTime);
    Consumer consumer = new NodeConsumer(workers, settles, questions, queues, idleness, system);
    Expiry.Parts expiry =
        new Expiry.Parts(
            topics::current,
            published::onChange,
            topics::expireSubscription,
            inspector,
            idleness,
            cluster.otherNodes(idleness),
            System::nanoTime);
    system.systemActorOf(restarting(Expiry.create(expiry)), "expiry", Props.empty());
    LogBrowser browser = new LogBrowser(rows, tail);
    ActorRef<Redrives.Command> redrives =
        system.systemActorOf(
            Redrives.create(new Redrives.Parts(queues, browser, publisher, System::nanoTime)),
            "redrives",
            Props.empty());
    NodeSessions sessions =
        new NodeSessions(
            system,
            new SessionBroker(
                topics,
                queues,
                pending,
                consumer,
                new SessionTopology(cluster, queues, inspector, System::nanoTime),
                random,
                System::nanoTime,
                node,
                settings.topics().isAutoCreated()),
            SessionLimits.DEFAULT);
    Broker broker =
        new Broker(
            topics,
            publisher,
            inspector,
            browser,
            consumer,
            new NodeRedriver(redrives, topics),
            new NodeLocator(questions, new PullLog(store.smallRows()), System::nanoTime),
            new ReceiptCodec(receiptKey),
            metrics(),
            () -> cluster.status(queues),
            () -> new Broker.Readiness(fence.isHeld(), cluster.state()),
            cluster.isMember() ? node : null,
            sessions,
            clock,
            System::nanoTime);
    TidewheelSettings.Http http = gate.open(settings.http());
    HttpServer server =
        StartGate.within(
            HttpServer.bind(system, http, settings.topics().isAutoCreated(), broker),
            StartGate.cannotListen(http));
    return new TidewheelNode(system, server, new Local(topics, publisher, consumer), settings);
  }

  private static NodeStore openStore(ActorSystem<Void> system, TidewheelSettings settings) {
    return switch (settings.store()) {
      case EMBEDDED -> EmbeddedNodeStore.open(system, settings.node().diskReserve());
      case CASSANDRA -> CassandraStore.get(system);
    };
  }

  private static byte[] newKey(SecureRandom random) {
    byte[] key = new byte[RECEIPT_KEY_BYTES];
    random.nextBytes(key);
    return key;
  }

  /** Where the HTTP server listens. */
  public InetSocketAddress httpAddress() {
    return server.address();
  }

  /** For use within this process, while the node runs. */
  public Local local() {
    return local;
  }

  /** Completes when the node begins to stop, for whatever reason. */
  public CompletionStage<Void> whenStopping() {
    return stopping;
  }

  /** Completes when the node has stopped, for whatever reason. */
  public CompletionStage<Void> whenTerminated() {
    return system.getWhenTerminated().thenAccept(done -> {});
  }

  /** Stops the node in order; done when everything is written and closed. May be repeated. */
  public CompletionStage<Void> terminate() {
    stopping.complete(null);
    return server
        .stop(DRAIN_TIMEOUT)
        .handle(
            (stopped, failure) ->
                CoordinatedShutdown.get(system)
                    .runAll(CoordinatedShutdown.actorSystemTerminateReason()))
        .thenCompose(shutdown -> shutdown)
        .thenAccept(done -> {});
  }

  /** As {@link #terminate}, but waits for it, within {@code tidewheel.node.stop-timeout}. */
  @Override
  public void close() {
    waitFor(system, terminate(), settings.node().stopTimeout());
  }

  private static <T> Behavior<T> restarting(Behavior<T> behavior) {
    return Behaviors.supervise(behavior)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(
                Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
  }

  private static PrometheusMeterRegistry metrics() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmGcMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new ProcessMetrics().bindTo(registry);
    return registry;
  }

  private static void waitFor(ActorSystem<?> system, CompletionStage<?> stop, Duration timeout) {
    try {
      stop.toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      system.log().warn("The node did not stop in order within {}", timeout, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
