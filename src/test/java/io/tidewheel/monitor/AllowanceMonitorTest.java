package io.tidewheel.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.testkit.CallingThreadDispatcher;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.feedback.Allowances;
import io.tidewheel.feedback.BackendFeedback;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.feedback.NodeFeedback;
import io.tidewheel.subscription.Allowance.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** In virtual time and on the thread of the test. */
class AllowanceMonitorTest {
  private static final long NOW = 1_700_000_000_000L;

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final AtomicLong nanos = new AtomicLong(1);
  private final Asked feedback = new Asked();
  private final ActorRef<AllowanceMonitor.Command> monitor =
      kit.spawn(
          AllowanceMonitor.create(
              new AllowanceMonitor.Parts(
                  feedback,
                  AllowanceMonitorTest::catalog,
                  () -> Instant.ofEpochMilli(NOW),
                  nanos::get)),
          DispatcherSelector.fromConfig(CallingThreadDispatcher.Id()));

  /** One subscription on two nodes, which a backend holds back. */
  private static final class Asked implements Feedback {
    private final List<CompletableFuture<List<NodeFeedback.Node>>> nodes = new ArrayList<>();
    private final List<String> backends = new ArrayList<>();

    void answer() {
      nodes.get(nodes.size() - 1).complete(List.of(node("a", 40), node("b", 10)));
    }

    private static NodeFeedback.Node node(String name, double rate) {
      NodeFeedback.Row row =
          new NodeFeedback.Row(
              1, 2, rate, 0.5, Reason.BACKEND, "", rate / 2, Double.NaN, List.of());
      return new NodeFeedback.Node(name, 0.5, 0.25, 1, List.of(row));
    }

    @Override
    public CompletionStage<List<NodeFeedback.Node>> nodes() {
      nodes.add(new CompletableFuture<>());
      return nodes.get(nodes.size() - 1);
    }

    @Override
    public CompletionStage<BackendFeedback.Answer> backend(
        String name, BackendFeedback.Change change) {
      backends.add(name);
      return CompletableFuture.completedFuture(
          new BackendFeedback.Answer(100.0, "slow", 60, NOW, "", 55, null));
    }

    @Override
    public void cost(long topicUid, long subscriptionUid, Map<String, Double> calls, int count) {
      throw new AssertionError("a monitor only looks");
    }
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void asksOnceASecondHoweverManyWantToKnow() {
    List<CompletableFuture<Allowances>> answers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      answers.add(ask());
    }
    assertThat(feedback.nodes).hasSize(1);
    feedback.answer();
    assertThat(answers).allMatch(answer -> answer.join() == answers.get(0).join());
    assertThat(ask().join()).isSameAs(answers.get(0).join());
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(ask()).isNotDone();
    assertThat(feedback.nodes).hasSize(2);
    assertThat(feedback.backends).as("nobody draws lines of them yet").isEmpty();
  }

  @Test
  void keepsLinesOfNodesSubscriptionsAndBackendsInUse() {
    for (int step = 1; step <= 3; step++) {
      time.timePasses(AllowanceMonitor.STEP);
      assertThat(feedback.nodes).hasSize(step);
      feedback.answer();
    }
    CompletableFuture<AllowanceHistory> answer = new CompletableFuture<>();
    monitor.tell(new AllowanceMonitor.AskHistory(answer));
    AllowanceHistory history = answer.join();
    assertThat(history.endMillis()).isEqualTo(NOW);
    assertThat(history.nodes()).extracting(Trace::of).containsExactly("a", "b");
    assertThat(history.nodes().get(0).bound()).containsExactly(0.5, 0.5, 0.5);
    assertThat(history.subscriptions())
        .containsExactly(
            new Trace<>(
                new AllowanceHistory.Owner(1, 2),
                List.of(50.0, 50.0, 50.0),
                List.of(25.0, 25.0, 25.0)));
    assertThat(feedback.backends).containsExactly("ledger", "ledger", "ledger");
    assertThat(history.backends())
        .containsExactly(
            new Trace<>("ledger", List.of(60.0, 60.0, 60.0), List.of(55.0, 55.0, 55.0)));
  }

  private CompletableFuture<Allowances> ask() {
    CompletableFuture<Allowances> answer = new CompletableFuture<>();
    monitor.tell(new AllowanceMonitor.Ask(answer));
    return answer;
  }

  private static CatalogSnapshot catalog() {
    SubscriptionSettings settings =
        Changed.in(SubscriptionSettings.DEFAULTS, "backends", List.of("ledger"));
    Topic.Subscription billing =
        new Topic.Subscription(
            2, "billing", 1, 0, settings, Topic.StartPosition.EARLIEST, 0, Topic.Stage.OPEN, false);
    Topic orders =
        new Topic(1, "orders", 1, 0, TopicSettings.defaults(1), false, Map.of("billing", billing));
    return CatalogSnapshot.of(1, new TreeMap<>(Map.of("orders", orders)));
  }
}
