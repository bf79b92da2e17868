package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.client.BacklogChange;
import io.tidewheel.client.BacklogRow;
import io.tidewheel.client.BacklogWatch;
import io.tidewheel.client.TidewheelClient;
import io.tidewheel.client.TidewheelException;
import io.tidewheel.session.RawSession;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What waits, as sessions are told it and as the client shows it. */
@Timeout(60)
class BacklogWatchIT {
  @TempDir private Path directory;
  private NodeFixture node;

  @BeforeEach
  void start() {
    node = NodeFixture.start(directory);
    node.put("/v1/topics/orders", "{\"queues\":2}");
    node.put("/v1/topics/orders/subscriptions/billing", "{\"rateLimit\":40}");
    node.put("/v1/topics/orders/subscriptions/mail", "{\"paused\":true}");
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void aSessionIsToldWhatThereIsAndThenWhatChanges() {
    node.publish("orders", "one", Map.of());
    try (RawSession session = RawSession.welcomed(node.port())) {
      session.send(new Frame.Watch(1, "ord*", "billing", null, 1));
      List<Frame.BacklogRow> rows = awaitRow(session);
      assertThat(rows).hasSize(1);
      Frame.BacklogRow row = rows.get(0);
      assertThat(row.topic()).isEqualTo("orders");
      assertThat(row.subscription()).isEqualTo("billing");
      assertThat(row.counts().backlog()).isEqualTo(1);
      assertThat(row.oldestAtMillis()).isPositive();
      assertThat(row.allowedReason()).isEqualTo("rate-limit");
      assertThat(row.allowedRate()).isEqualTo(40_000);
      assertThat(row.isPaused()).isFalse();

      String receipt = NodeFixture.receipt(node.pull("orders", "billing", 1, "5s").get(0));
      assertThat(node.settle("orders", "billing", "ack", List.of(receipt))).containsOnly("acked");

      Frame.Backlog change = session.next(Frame.Backlog.class);
      while (change.gone().isEmpty()) {
        change = session.next(Frame.Backlog.class);
      }
      assertThat(change.gone()).containsExactly(row.place());
      assertThat(change.isReset()).isFalse();
    }
  }

  private static List<Frame.BacklogRow> awaitRow(RawSession session) {
    Frame.Backlog first = session.next(Frame.Backlog.class);
    assertThat(first.isReset()).isTrue();
    List<Frame.BacklogRow> rows = new ArrayList<>(first.rows());
    while (rows.isEmpty()) {
      rows.addAll(session.next(Frame.Backlog.class).rows());
    }
    return rows;
  }

  @Test
  void aReferenceIsFreeAgainOnceItsWatchHasEnded() {
    try (RawSession session = RawSession.welcomed(node.port())) {
      session.send(
          new Frame.Watch(1, null, null, null, 0),
          new Frame.Unsubscribe(1),
          new Frame.Watch(1, null, "none", null, 0));
      Frame.Backlog told = session.next(Frame.Backlog.class);
      assertThat(told.isReset()).isTrue();
      assertThat(told.rows()).isEmpty();

      session.send(new Frame.Watch(1, null, null, null, 0));
      assertThat(session.closeCode()).isEqualTo(CloseCode.OUT_OF_ORDER.number());
    }
  }

  @Test
  void aSessionMayHaveAFewWatchesAndEachSaysWhatIsWrong() {
    try (RawSession session = RawSession.welcomed(node.port())) {
      session.send(new Frame.Watch(1, "*a*b*c*d*", null, null, 0));
      Frame.Refused malformed = session.next(Frame.Refused.class);
      assertThat(malformed.failure().type()).isEqualTo("malformed");
      assertThat(malformed.failure().isRetryable()).isFalse();
      session.send(new Frame.Watch(1, "x".repeat(1_001), null, null, 0));
      assertThat(session.next(Frame.Refused.class).failure().detail()).contains("1000 characters");
      // It may not have heard that yet.
      session.send(new Frame.Unsubscribe(1));
      for (int ref = 1; ref <= 4; ref++) {
        session.send(new Frame.Watch(ref, null, "none", null, 0));
        assertThat(session.next(Frame.Backlog.class).ref()).isEqualTo(ref);
      }
      session.send(new Frame.Watch(5, null, "none", null, 0));
      Frame.Refused many = session.next(Frame.Refused.class);
      assertThat(many.ref()).isEqualTo(5);
      assertThat(many.failure().type()).isEqualTo("over-limit");
    }
  }

  @Test
  void theClientShowsWhatWaitsAndTellsWhatChanges() throws Exception {
    BlockingQueue<BacklogChange> changes = new LinkedBlockingQueue<>();
    try (TidewheelClient client = client("http://127.0.0.1:" + node.port())) {
      BacklogWatch watch =
          client.watchBacklog().topic("orders").min(1).onChange(changes::add).start();
      watch.seen().get(20, TimeUnit.SECONDS);
      assertThat(watch.rows()).isEmpty();
      node.publish("orders", "one", Map.of());
      NodeFixture.await(() -> watch.rows().size() == 2);
      BacklogRow mail =
          watch.rows().stream().filter(row -> row.subscription().equals("mail")).findAny().get();
      assertThat(mail.backlog()).isEqualTo(1);
      assertThat(mail.isPaused()).isTrue();
      assertThat(mail.allowedRate()).isInfinite();
      assertThat(mail.oldestAt()).isNotNull();
      assertThat(node.delete("/v1/topics/orders?force=true").status()).isIn(202, 204);
      NodeFixture.await(() -> watch.rows().isEmpty());
      NodeFixture.await(() -> changes.stream().anyMatch(change -> change.gone().size() > 0));
      watch.close();
      assertThat(watch.isCurrent()).isFalse();
      assertThatThrownBy(watch::start).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void theClientKeepsWhatItSawUntilItIsConnectedAgainAndTellsOnlyTheDifference() {
    Queue<BacklogChange> changes = new ConcurrentLinkedQueue<>();
    node.publish("orders", "one", Map.of());
    try (CutProxy proxy = new CutProxy(node.port());
        TidewheelClient client = client(proxy.url());
        BacklogWatch watch =
            client.watchBacklog().subscription("mail").min(1).onChange(changes::add).start()) {
      NodeFixture.await(() -> watch.rows().size() == 1);
      NodeFixture.await(() -> !changes.isEmpty());
      proxy.cutUntilMended();
      NodeFixture.await(() -> !watch.isCurrent());
      assertThat(watch.rows()).hasSize(1);
      changes.clear();
      node.publish("orders", "two", Map.of());
      proxy.mend();
      NodeFixture.await(() -> watch.rows().stream().mapToLong(BacklogRow::backlog).sum() == 2);
      NodeFixture.await(() -> !changes.isEmpty());
      assertThat(changes.stream().flatMap(change -> change.gone().stream())).isEmpty();
    }
  }

  /** A listener that takes its time holds up nothing else, and then hears how it is. */
  @Test
  void aSlowListenerIsToldOfEachRowOnlyHowItIsThen() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    Queue<Long> heard = new ConcurrentLinkedQueue<>();
    node.publish("orders", "one", Map.of("Tidewheel-Key", "k"));
    try (TidewheelClient client = client("http://127.0.0.1:" + node.port());
        BacklogWatch watch =
            client
                .watchBacklog()
                .subscription("mail")
                .onChange(
                    change -> {
                      change.rows().forEach(row -> heard.add(row.backlog()));
                      awaitUninterruptibly(slow);
                      throw new AssertionError("what a listener throws ends nothing");
                    })
                .start()) {
      NodeFixture.await(() -> !heard.isEmpty() && backlog(watch) == 1);
      int before = heard.size();
      for (int i = 2; i <= 5; i++) {
        long expected = i;
        node.publish("orders", "more", Map.of("Tidewheel-Key", "k"));
        NodeFixture.await(() -> backlog(watch) == expected);
      }
      assertThat(heard).hasSize(before);
      slow.countDown();
      NodeFixture.await(() -> heard.contains(5L));
      assertThat(heard).doesNotContain(2L, 3L, 4L);
    }
  }

  private static long backlog(BacklogWatch watch) {
    return watch.rows().stream().mapToLong(BacklogRow::backlog).sum();
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void saysWhenTooManyWatchAndTriesAgain() throws Exception {
    BlockingQueue<TidewheelException> problems = new LinkedBlockingQueue<>();
    List<RawSession> others = new ArrayList<>();
    try (TidewheelClient client = client("http://127.0.0.1:" + node.port())) {
      for (int count = 0; others.isEmpty() || told(others.get(0)) == 4; count += 4) {
        assertThat(count).isLessThanOrEqualTo(100);
        others.add(0, RawSession.welcomed(node.port()));
      }
      try (BacklogWatch watch = client.watchBacklog().onProblem(problems::add).start()) {
        TidewheelException problem = problems.poll(20, TimeUnit.SECONDS);
        assertThat(problem).isNotNull();
        assertThat(problem.type()).isEqualTo("over-limit");
        assertThat(watch.isCurrent()).isFalse();
        others.get(1).breakOff();
        watch.seen().get(20, TimeUnit.SECONDS);
      }
    } finally {
      others.forEach(RawSession::close);
    }
  }

  /** Watches as often as a session may; returns how many of them the node takes. */
  private static int told(RawSession session) {
    int told = 0;
    for (int ref = 1; ref <= 4; ref++) {
      session.send(new Frame.Watch(ref, null, "none", null, 0));
      told += session.next(Frame.FromBroker.class) instanceof Frame.Backlog ? 1 : 0;
    }
    return told;
  }

  @Test
  void aWatchThatIsClosedBeforeItSawAnythingSaysSo() {
    try (CutProxy proxy = new CutProxy(node.port())) {
      proxy.cutUntilMended();
      try (TidewheelClient client = client(proxy.url())) {
        BacklogWatch watch = client.watchBacklog().start();
        var seen = watch.seen();
        watch.close();
        assertThatThrownBy(seen::join).isInstanceOf(CompletionException.class);
        assertThatThrownBy(() -> client.watchBacklog().min(-1))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> client.watchBacklog().topic("*****"))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> client.watchBacklog().rows())
            .isInstanceOf(IllegalStateException.class);
      }
    }
  }

  private static TidewheelClient client(String url) {
    return TidewheelClient.builder().endpoints(url).build();
  }
}
