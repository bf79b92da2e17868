package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Asking several nodes, one of which has stopped answering; in virtual time. */
class NodeFeedbackTest {
  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<FeedbackRelay.Command> here = kit.createTestProbe();
  private final TestProbe<FeedbackRelay.Command> other = kit.createTestProbe();
  private final AtomicLong nanos = new AtomicLong(1);
  private final NodeFeedback feedback =
      new NodeFeedback(
          kit.system(), here.getRef(), () -> List.of(other.getRef()), null, nanos::get);

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void standsForANodeThatIsPausedWithWhatItSaidLast() {
    CompletableFuture<List<NodeFeedback.Node>> asked = feedback.nodes().toCompletableFuture();
    answer(here, "here");
    answer(other, "other");
    assertThat(asked.join()).extracting(NodeFeedback.Node::node).containsExactly("here", "other");
    assertThat(askHereAlone()).containsExactly("here", "other");
    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    assertThat(askHereAlone()).as("it may not be there any more").containsExactly("here");
  }

  private List<String> askHereAlone() {
    CompletableFuture<List<NodeFeedback.Node>> asked = feedback.nodes().toCompletableFuture();
    answer(here, "here");
    other.expectMessageClass(FeedbackRelay.Describe.class);
    assertThat(asked).isNotDone();
    time.timePasses(Duration.ofMillis(500));
    return asked.join().stream().map(NodeFeedback.Node::node).toList();
  }

  private static void answer(TestProbe<FeedbackRelay.Command> relay, String name) {
    relay
        .expectMessageClass(FeedbackRelay.Describe.class)
        .replyTo()
        .tell(new NodeFeedback.Node(name, 0.5, 0.1, 1, List.of()));
  }
}
