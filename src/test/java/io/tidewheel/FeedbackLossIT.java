package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The actor that found out that a backend is down is killed, again and again, and then hears
 * nothing for a while: what it granted holds, fades, and is found anew.
 */
@Timeout(120)
class FeedbackLossIT {
  private static final String ACTOR = "sharding/success-feedback/*/*";
  private static final int WORKERS = 8;
  private static final double HEALTHY = 1_000;
  private static final int KILLS = 5;

  @Test
  void whatWasGrantedHoldsWithoutItsActorAndThenFades(@TempDir Path directory) {
    try (NodeFixture node = NodeFixture.start(directory)) {
      prepare(node);
      AtomicBoolean isUp = new AtomicBoolean(true);
      try (FeedbackCrowd crowd = new FeedbackCrowd(() -> node, "down", "s", 10, null)) {
        for (int i = 0; i < WORKERS; i++) {
          crowd.with("w" + i, (long) (WORKERS / HEALTHY * 1e9), isUp::get);
        }
        crowd.until(3);
        isUp.set(false);
        crowd.until(7);
        double before = crowd.calls(5, 7);
        for (int i = 0; i < KILLS; i++) {
          node.kill(ACTOR);
          crowd.until(8 + i);
        }
        double killed = crowd.calls(7, 7 + KILLS);
        Runnable resume = node.suspend(ACTOR);
        double lost = crowd.now();
        crowd.until(lost + 8);
        double held = crowd.calls(lost, lost + 3);
        double faded = crowd.calls(lost + 7, lost + 8);
        resume.run();
        crowd.until(lost + 12);
        double again = crowd.calls(lost + 10, lost + 12);
        System.out.printf(
            Locale.ROOT,
            "FIGURES loss of its actor, of %.0f/s: %.1f/s before, %.1f/s while it is killed each"
                + " second, %.1f/s in the 3 s after it was gone, %.1f/s in the eighth, %.1f/s from"
                + " 2 s after it was back%n",
            crowd.good(1, 3),
            before,
            killed,
            held,
            faded,
            again);
        assertThat(before).isBetween(0.5, 0.1 * HEALTHY);
        assertThat(killed).isBetween(0.5, 0.1 * HEALTHY);
        assertThat(held).isBetween(0.5, 0.1 * HEALTHY);
        assertThat(faded).isBetween(1.5 * held, 0.5 * HEALTHY);
        assertThat(again).isLessThan(0.1 * HEALTHY);
      }
    }
  }

  private static void prepare(NodeFixture node) {
    assertThat(node.put("/v1/topics/down", "{\"queues\":2}").status()).isEqualTo(201);
    assertThat(node.put("/v1/topics/down/subscriptions/s", "{\"maxAttempts\":100}").status())
        .isEqualTo(201);
    ArrayNode batch = NodeFixture.JSON.createArrayNode();
    for (int i = 0; i < 1_000; i++) {
      batch.addObject().put("body", i);
    }
    String body = NodeFixture.JSON.createObjectNode().set("messages", batch).toString();
    for (int i = 0; i < 20; i++) {
      assertThat(node.post("/v1/topics/down/messages:batch", body).status()).isEqualTo(200);
    }
  }
}
