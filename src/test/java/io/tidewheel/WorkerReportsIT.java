package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidewheel.client.Outcome;
import io.tidewheel.client.Publisher;
import io.tidewheel.client.Pushback;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.client.Worker;
import io.tidewheel.message.Message;
import io.tidewheel.session.RawSession;
import io.tidewheel.session.frame.Frame;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What workers tell of backends and of their hosts, over sessions with a real node. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WorkerReportsIT {
  private NodeFixture node;

  @BeforeAll
  void start(@TempDir Path directory) {
    node = NodeFixture.start(directory);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  private TidewheelClient client() {
    return TidewheelClient.builder()
        .endpoints("http://127.0.0.1:" + node.port())
        .hostLoad(() -> 0.5)
        .build();
  }

  private void subscribe(String topic, String settings) {
    assertThat(node.put("/v1/topics/" + topic, "{}").status()).isEqualTo(201);
    assertThat(node.put("/v1/topics/" + topic + "/subscriptions/s", settings).status())
        .isEqualTo(201);
  }

  private JsonNode backend(String name) {
    return node.get("/v1/backends/" + name).body();
  }

  /** Without a cost each would count as one call, and the rate be 400. */
  @Test
  void aBudgetIsKeptByTheCostThatWorkersReport() {
    node.put("/v1/backends/database", "{\"budget\":400}");
    subscribe("costly", "{\"backends\":[\"database\"]}");
    try (TidewheelClient client = client();
        Worker worker = client.worker("costly", "s").concurrency(16)) {
      worker.handler(delivery -> Outcome.ack().withCost("database", 100)).start();
      Publisher publisher = client.publisher("costly");
      publisher.publish(Collections.nCopies(2_000, Message.text("a"))).forEach(each -> each.join());
      NodeFixture.await(
          () ->
              node.get("/v1/topics/costly/subscriptions/s")
                      .body()
                      .at("/allowance/rate")
                      .asDouble(1e9)
                  < 40);
    }
  }

  @Test
  void aWorkerPassesOnWhatABackendOfItsSubscriptionWants() {
    subscribe("pushed", "{\"backends\":[\"ledger\"]}");
    Pushback slow = Pushback.slow(200.5).lasting(Duration.ofMinutes(1)).because("compaction");
    try (TidewheelClient client = client();
        Worker worker = client.worker("pushed", "s")) {
      worker
          .handler(
              delivery ->
                  delivery.text().equals("slow")
                      ? Outcome.release().withPushback("ledger", slow).withPushback("else", slow)
                      : Outcome.ack().withPushback("ledger", Pushback.recovered()))
          .start();
      client.publisher("pushed").publish(Message.text("slow")).join();
      NodeFixture.await(() -> backend("ledger").at("/signal/rate").asDouble() == 200.5);
      assertThat(backend("ledger").at("/signal/reason").asText()).isEqualTo("compaction");
      assertThat(backend("else").get("signal").isNull()).as("no backend of this one").isTrue();
    }
    try (TidewheelClient client = client();
        Worker worker = client.worker("pushed", "s")) {
      worker
          .handler(delivery -> Outcome.ack().withPushback("ledger", Pushback.recovered()))
          .start();
      NodeFixture.await(() -> backend("ledger").get("signal").isNull());
    }
  }

  /** Others take over what a busy one would have got; when it has processors again, so does it. */
  @Test
  void aClientWhoseHostIsBusyGetsLessWhileAnotherHasProcessorsToSpare() {
    subscribe("shared", "{\"order\":\"none\"}");
    try (RawSession busy = consuming();
        RawSession spare = consuming()) {
      say(spare, 100);
      say(busy, 1_000);
      busy.send(new Frame.Want(1, 10));
      publish(20);
      assertThat(busy.next(Frame.Deliveries.class).deliveries()).hasSize(1);
      spare.send(new Frame.Want(1, 20));
      assertThat(taken(spare, 19)).isEqualTo(19);
      say(busy, 100);
      publish(10);
      assertThat(taken(busy, 9)).isEqualTo(9);
      assertThat(taken(spare, 1)).isEqualTo(1);
    }
  }

  private RawSession consuming() {
    RawSession session = RawSession.welcomed(node.port());
    session.send(new Frame.Subscribe(1, "shared", "s", 0, null, null));
    session.next(Frame.Subscribed.class);
    return session;
  }

  /** Often enough that it is believed; returns when it was heard. */
  private static void say(RawSession session, int thousandths) {
    for (int i = 0; i < 30; i++) {
      session.send(new Frame.Busy(thousandths));
    }
    session.send(new Frame.OpenPublisher(2, "shared", 1, thousandths));
    Frame answer = session.next(Frame.class);
    while (!(answer instanceof Frame.Placement)) {
      answer = session.next(Frame.class);
    }
  }

  private static int taken(RawSession session, int atLeast) {
    int taken = 0;
    while (taken < atLeast) {
      taken += session.next(Frame.Deliveries.class).deliveries().size();
    }
    return taken;
  }

  private void publish(int count) {
    List<String> each = Collections.nCopies(count, "{\"body\":\"x\"}");
    String body = "{\"messages\":[" + String.join(",", each) + "]}";
    assertThat(node.post("/v1/topics/shared/messages:batch", body).status()).isEqualTo(200);
  }
}
