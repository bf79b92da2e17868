package io.tidewheel;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.ClusterSingleton;
import akka.cluster.typed.ClusterSingletonSettings;
import akka.cluster.typed.SingletonActor;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tidewheel.backlog.BacklogBoard;
import io.tidewheel.backlog.BacklogReports;
import io.tidewheel.backlog.Claims;
import io.tidewheel.catalog.Catalog;
import io.tidewheel.catalog.CatalogClient;
import io.tidewheel.catalog.CatalogSettings;
import io.tidewheel.catalog.CatalogView;
import io.tidewheel.catalog.PublishedCatalog;
import io.tidewheel.cluster.ClusterNode;
import io.tidewheel.cluster.Roles;
import io.tidewheel.cluster.ShardedQueues;
import io.tidewheel.config.TidewheelSettings;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.http.Broker;
import io.tidewheel.http.HttpServer;
import io.tidewheel.journal.FencedLog.CheckpointPolicy;
import io.tidewheel.journal.FencedLog.Ownership;
import io.tidewheel.journal.LogPlugins;
import io.tidewheel.journal.NodeStore;
import io.tidewheel.journal.RowReader;
import io.tidewheel.journal.StoreTrouble;
import io.tidewheel.journal.WarmUp;
import io.tidewheel.journal.cassandra.CassandraStore;
import io.tidewheel.journal.embedded.EmbeddedNodeStore;
import io.tidewheel.monitor.BacklogFeed;
import io.tidewheel.monitor.BacklogMonitor;
import io.tidewheel.monitor.NodeMonitor;
import io.tidewheel.queue.ByteBudget;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.LogBrowser;
import io.tidewheel.queue.NodePublisher;
import io.tidewheel.queue.Publisher;
import io.tidewheel.queue.Queue;
import io.tidewheel.queue.QueueIdle;
import io.tidewheel.queue.QueueInspector;
import io.tidewheel.queue.QueueWaker;
import io.tidewheel.queue.TailCache;
import io.tidewheel.session.HostLoads;
import io.tidewheel.session.NodeSessions;
import io.tidewheel.session.SessionBroker;
import io.tidewheel.session.SessionLimits;
import io.tidewheel.session.Sessions;
import io.tidewheel.subscription.DequeueRates;
import io.tidewheel.subscription.PullLog;
import io.tidewheel.subscription.ReceiptCodec;
import io.tidewheel.subscription.Subscription;
import io.tidewheel.subscription.WaitingPulls;
import io.tidewheel.subscription.WindowBudget;
import io.tidewheel.worker.Consumer;
import io.tidewheel.worker.Expiry;
import io.tidewheel.worker.Idleness;
import io.tidewheel.worker.NodeConsumer;
import io.tidewheel.worker.NodeLocator;
import io.tidewheel.worker.NodeRedriver;
import io.tidewheel.worker.Questions;
import io.tidewheel.worker.Redriver;
import io.tidewheel.worker.Redrives;
import io.tidewheel.worker.Workers;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;

/** Puts a node together, from its store up to its HTTP server. For one start, on one thread. */
final class NodeWiring {
  private static final Duration CATALOG_TIMEOUT = Duration.ofSeconds(55);
  private static final CheckpointPolicy QUEUE_CHECKPOINTS = new CheckpointPolicy(16L << 20, 1_000);
  private static final CheckpointPolicy SMALL_CHECKPOINTS = new CheckpointPolicy(4L << 20, 1_000);

  /** Each holds a snapshot of some hundred KiB at most in memory. */
  private static final int MAX_LEAVING = 64;

  private static final int RECEIPT_KEY_BYTES = 32;

  private final ActorSystem<Void> system;
  private final TidewheelSettings settings;
  private final SecureRandom random = new SecureRandom();
  private final InstantSource clock;
  private final NodeStore store;
  private final StartGate gate;
  private final ClusterNode cluster;
  private final StoreTrouble trouble = new StoreTrouble(System::nanoTime);
  private final PrometheusMeterRegistry metrics = newRegistry();
  private final QueueMetrics measured = new QueueMetrics(metrics, trouble);
  private final ShardedQueues queues;
  private final PublishedCatalog published = new PublishedCatalog();
  private final RowReader rows;
  private final TailCache tail;
  private final DequeueRates rates = new DequeueRates();
  private final WaitingPulls waiting = new WaitingPulls();
  private final Semaphore leaving = new Semaphore(MAX_LEAVING);
  private final SessionLimits sessionLimits;

  /** Opens the store, waits for it, and joins the cluster. */
  private NodeWiring(
      ActorSystem<Void> system, TidewheelSettings settings, SessionLimits sessionLimits) {
    this.system = system;
    this.settings = settings;
    this.sessionLimits = sessionLimits;
    // First of all: a directory that cannot be opened must stop the start before anything else
    // runs.
    this.store = openStore(system, settings);
    this.gate = StartGate.of(system, settings, store);
    if (store.isShared()) {
      // Queues of a busy cluster come to a node as soon as it is a member.
      gate.await(() -> WarmUp.of(system, store), "the first reading of a log");
    }
    this.cluster = ClusterWiring.join(system, settings, InstantSource.system(), store, gate);
    this.clock = cluster.clock();
    this.queues = new ShardedQueues(system);
    this.rows = store.messageRows();
    this.tail = new TailCache(settings.budgets().tailCache(), System::nanoTime);
  }

  private static NodeStore openStore(ActorSystem<Void> system, TidewheelSettings settings) {
    return switch (settings.store()) {
      case EMBEDDED -> EmbeddedNodeStore.open(system, settings.node().diskReserve());
      case CASSANDRA -> CassandraStore.get(system);
    };
  }

  /** Starts everything, and returns when the node serves. */
  static TidewheelNode start(
      ActorSystem<Void> system, TidewheelSettings settings, SessionLimits sessionLimits) {
    return new NodeWiring(system, settings, sessionLimits).start();
  }

  private TidewheelNode start() {
    CatalogClient topics = startCatalog();
    Claims claims = new Claims(clock);
    ActorRef<BacklogBoard.Command> board =
        system.systemActorOf(
            BacklogBoard.create(new BacklogBoard.Parts(cluster.home(), claims, clock, random)),
            "backlog-board",
            Props.empty());
    ActorRef<QueueWaker.Command> waker =
        system.systemActorOf(
            QueueWaker.create(queues, published::get, clock), "queue-waker", Props.empty());
    cluster.startBacklogLink(board, waker);
    ClusterWiring.measure(cluster, metrics);
    startQueues(topics, new BacklogReports(board, claims), waker);

    gate.await(() -> topics.refresh(CATALOG_TIMEOUT), "the catalog");
    waker.tell(new QueueWaker.WakeAll(published.get()));
    ReceiptCodec receipts = new ReceiptCodec(receiptKey());

    Inspector inspector = startInspector();
    Idleness idleness = new Idleness(System::nanoTime);
    startExpiry(topics, inspector, idleness);
    Questions questions = new Questions(queues, Questions.DEFAULT_MAX_QUESTIONS);
    Consumer consumer = startConsumer(board, questions, idleness);
    ByteBudget pending = new ByteBudget(settings.budgets().pendingPublish());
    Publisher publisher = measured.timed(publisher(pending), System::nanoTime);
    LogBrowser browser = new LogBrowser(rows, tail);
    Feedback feedback = startFeedback(pending, metrics);
    NodeMonitor monitor = monitor(board, feedback);
    BacklogFeed.Parts feeds = new BacklogFeed.Parts(board::tell, topics::current, monitor);
    Broker broker =
        new Broker(
            topics,
            publisher,
            inspector,
            browser,
            consumer,
            startRedriver(topics, browser, publisher),
            new NodeLocator(questions, new PullLog(store.smallRows()), System::nanoTime),
            receipts,
            metrics,
            () -> cluster.status(queues),
            new Broker.Readiness(cluster.fence()::isHeld, cluster::state),
            cluster.isMember() ? cluster.name() : null,
            feeds,
            monitor,
            sessions(topics, pending, consumer, inspector, feedback, feeds),
            feedback,
            clock,
            System::nanoTime);
    HttpServer server = serve(broker);
    cluster.startAddressLink(
        settings.http().urlFor(settings.cluster().host(), server.address().getPort()));
    return new TidewheelNode(
        system, server, new TidewheelNode.Local(topics, publisher, consumer), settings);
  }

  private CatalogClient startCatalog() {
    ActorRef<Catalog.Command> catalog =
        ClusterSingleton.get(system)
            .init(
                SingletonActor.of(
                        restarting(
                            Catalog.create(
                                CatalogSettings.of(smallLogs(), settings.topics().defaultQueues()),
                                queues,
                                clock)),
                        "catalog")
                    .withSettings(ClusterSingletonSettings.create(system).withRole(Roles.BROKER)));
    return CatalogView.client(
        system.systemActorOf(
            restarting(CatalogView.create(catalog, published)), "catalog-view", Props.empty()),
        published);
  }

  private Ownership smallLogs() {
    return ownership(SMALL_CHECKPOINTS, store.smallLogs());
  }

  private Ownership ownership(CheckpointPolicy checkpoints, LogPlugins logs) {
    return new Ownership(
        cluster.name(),
        cluster.fence(),
        checkpoints,
        logs,
        epoch -> store.epochAfter(epoch, random),
        trouble,
        leaving);
  }

  private void startQueues(
      CatalogClient topics, Subscription.Board board, ActorRef<QueueWaker.Command> waker) {
    Subscription.Dependencies subscriptions =
        new Subscription.Dependencies(
            topics,
            queues,
            board,
            smallLogs(),
            clock,
            System::nanoTime,
            random,
            new WindowBudget(settings.budgets().windows(), WindowBudget.DEFAULT_WINDOW_BYTES),
            rates,
            waiting);
    queues.start(
        new Queue.Dependencies(
            ownership(QUEUE_CHECKPOINTS, store.messageLogs()),
            clock,
            System::nanoTime,
            published::get,
            rows,
            tail,
            Subscription.factory(subscriptions),
            settings.budgets().pendingPublish() / 2,
            store::isFull,
            QueueIdle.DEFAULT,
            measured),
        waker,
        cluster);
  }

  private byte[] receiptKey() {
    return gate.await(() -> store.readOrCreate("receipt-key", this::newKey), "the store");
  }

  private byte[] newKey() {
    byte[] key = new byte[RECEIPT_KEY_BYTES];
    random.nextBytes(key);
    return key;
  }

  private Inspector startInspector() {
    return new QueueInspector(
        system.systemActorOf(
            QueueInspector.create(queues, QueueInspector.DEFAULT_MAX_LOOKS),
            "queue-inspector",
            Props.empty()));
  }

  private void startExpiry(CatalogClient topics, Inspector inspector, Idleness idleness) {
    Expiry.Parts parts =
        new Expiry.Parts(
            topics::current,
            published::onChange,
            topics::expireSubscription,
            inspector,
            idleness,
            cluster.startIdleLink(idleness),
            System::nanoTime);
    system.systemActorOf(restarting(Expiry.create(parts)), "expiry", Props.empty());
  }

  private Consumer startConsumer(
      ActorRef<BacklogBoard.Command> board, Questions questions, Idleness idleness) {
    ActorRef<Workers.Command> workers =
        system.systemActorOf(
            Workers.create(queues, board, waiting, Workers.DEFAULT_MAX_PULLS),
            "workers",
            Props.empty());
    Questions settles = new Questions(queues, Questions.DEFAULT_MAX_SETTLES);
    return new NodeConsumer(workers, settles, questions, queues, idleness, system);
  }

  private Publisher publisher(ByteBudget pending) {
    return new NodePublisher(
        system,
        queues,
        pending,
        cluster.isMember() ? settings.cluster().queueRetryAfter() : null,
        random,
        System::nanoTime);
  }

  private Sessions sessions(
      CatalogClient topics,
      ByteBudget pending,
      Consumer consumer,
      Inspector inspector,
      Feedback feedback,
      BacklogFeed.Parts feeds) {
    SessionBroker broker =
        new SessionBroker(
            topics,
            queues,
            pending,
            consumer,
            feedback,
            feeds,
            new HostLoads(System::nanoTime),
            new SessionTopology(cluster, queues, inspector, System::nanoTime),
            random,
            System::nanoTime,
            cluster.name(),
            settings.topics().isAutoCreated());
    NodeSessions sessions = new NodeSessions(system, broker, sessionLimits);
    Gauge.builder("tidewheel.sessions", sessions, NodeSessions::openCount)
        .description("Open sessions of clients")
        .register(metrics);
    return sessions;
  }

  private Feedback startFeedback(ByteBudget pending, PrometheusMeterRegistry metrics) {
    return new FeedbackWiring(
            system, settings, cluster, smallLogs(), published::get, rates, pending, clock)
        .start(metrics);
  }

  private Redriver startRedriver(CatalogClient topics, LogBrowser browser, Publisher publisher) {
    Redrives.Parts parts = new Redrives.Parts(queues, browser, publisher, System::nanoTime);
    return new NodeRedriver(
        system.systemActorOf(Redrives.create(parts), "redrives", Props.empty()), topics);
  }

  private NodeMonitor monitor(ActorRef<BacklogBoard.Command> board, Feedback feedback) {
    NodeMonitor monitor =
        new NodeMonitor(
            system,
            new BacklogMonitor.Parts(board, clock, System::nanoTime),
            feedback,
            published::get);
    monitor.bindTo(metrics);
    return monitor;
  }

  private static PrometheusMeterRegistry newRegistry() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    // Their names say nanoseconds and a count of what is no histogram.
    registry.config().meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"));
    registry.config().meterFilter(MeterFilter.denyNameStartsWith("system.cpu.count"));
    new JvmMemoryMetrics().bindTo(registry);
    new JvmGcMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new ProcessMetrics().bindTo(registry);
    return registry;
  }

  private HttpServer serve(Broker broker) {
    int port = gate.open(settings.http());
    return StartGate.within(
        HttpServer.bind(system, settings.http(), port, settings.topics().isAutoCreated(), broker),
        StartGate.cannotListen(settings.http()));
  }

  private static <T> Behavior<T> restarting(Behavior<T> behavior) {
    return Behaviors.supervise(behavior)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(
                Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
  }
}
