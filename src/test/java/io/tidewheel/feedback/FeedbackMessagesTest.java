package io.tidewheel.feedback;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.subscription.Allowance;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What travels between nodes is the same when it arrives. */
class FeedbackMessagesTest {
  private final ActorTestKit kit =
      ActorTestKit.create(
          "messages",
          ConfigFactory.parseString(
                  "akka.actor.provider = local, akka.cluster.seed-nodes = [],"
                      + " akka.actor.default-dispatcher.executor = default-executor")
              .withFallback(ConfigFactory.parseResources("tidewheel-akka.conf"))
              .withFallback(ConfigFactory.load())
              .resolve());

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void verify(Object message) {
    kit.serializationTestKit().verifySerialization(message, true);
  }

  @Test
  void reportsAndGrantsOfASubscription() {
    TestProbe<SuccessFeedback.Granted> probe = kit.createTestProbe();
    verify(
        new SuccessFeedback.Report(
            1,
            2,
            "one",
            0.9,
            10,
            1,
            100.0,
            new Outcomes(1, 2, 3),
            Outcomes.NONE,
            5,
            true,
            false,
            7,
            100,
            Double.POSITIVE_INFINITY,
            probe.ref()));
    verify(
        new SuccessFeedback.Granted(
            1, 2, Double.POSITIVE_INFINITY, 0.5, 1, SuccessLaw.Phase.OPEN, ""));
    verify(new SuccessFeedback.Stop());
  }

  @Test
  void whatBackendsAreToldAndSay() {
    TestProbe<BackendFeedback.Granted> relay = kit.createTestProbe();
    TestProbe<BackendFeedback.Answer> asker = kit.createTestProbe();
    BudgetLaw.Use use = new BudgetLaw.Use(1, 2, 3.5, true, 4);
    verify(new BackendFeedback.Report("db", "one", 2, use, relay.ref()));
    verify(new BackendFeedback.Granted("db", 2, 0, "because"));
    for (BackendFeedback.Change change :
        List.of(
            new BackendFeedback.Change.Budget(null),
            new BackendFeedback.Change.Budget(10.0),
            new BackendFeedback.Change.Slow(200.0, 1_000, "gc"),
            new BackendFeedback.Change.Halt(1_000, null),
            new BackendFeedback.Change.Recovered())) {
      verify(new BackendFeedback.Ask(change, asker.ref()));
    }
    verify(new BackendFeedback.Ask(null, asker.ref()));
    verify(new BackendFeedback.Answer(1.0, "slow", 2, 3, null, 4, null));
  }

  @Test
  void whatANodeSays() {
    TestProbe<NodeFeedback.Node> probe = kit.createTestProbe();
    verify(new FeedbackRelay.Describe(probe.ref()));
    NodeFeedback.Row row =
        new NodeFeedback.Row(
            1,
            2,
            Double.POSITIVE_INFINITY,
            1,
            Allowance.Reason.NONE,
            "",
            3,
            Double.NaN,
            List.of(new NodeFeedback.Sick("w", "1")));
    verify(new NodeFeedback.Node("one", 0.5, 0.1, 1, List.of(row)));
  }
}
