package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.session.RawSession;
import io.tidewheel.session.SessionLimits;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions on a real node, by clients that do right and wrong. */
class SessionIT {
  @TempDir Path directory;
  private TidewheelNode node;

  @BeforeEach
  void start() {
    node = LocalNode.start(directory);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void storesDeliversAndSettles() {
    try (RawSession session = publishing()) {
      session.send(publish(1, "a", "b"));
      Frame.Published stored = session.next(Frame.Published.class);
      assertThat(stored.firstOffset()).isZero();
      session.send(
          new Frame.Subscribe(2, "orders", "default", 0, "w", "v1"), new Frame.Want(2, 10));
      session.next(Frame.Subscribed.class);
      List<Frame.Delivered> delivered = new ArrayList<>();
      while (delivered.size() < 2) {
        delivered.addAll(session.next(Frame.Deliveries.class).deliveries());
      }
      assertThat(delivered).extracting(each -> text(each.message())).containsExactly("a", "b");

      session.send(settle(1, Frame.Action.ACK, delivered));

      assertThat(session.next(Frame.Settled.class).statuses())
          .containsExactly(Frame.Status.ACKED, Frame.Status.ACKED);
    }
  }

  @Test
  void repeatOfAPublishOnAnotherConnectionIsStoredOnce() {
    try (RawSession first = publishing()) {
      first.send(publish(1, "a"));
      assertThat(first.next(Frame.Published.class).firstOffset()).isZero();
    }
    try (RawSession second = publishing()) {
      second.send(new Frame.Publish(1, 0, 1, 5_000, true, List.of(message("a"))), publish(2, "b"));

      assertThat(second.next(Frame.Published.class).firstOffset()).isZero();
      assertThat(second.next(Frame.Published.class).firstOffset()).isEqualTo(1);
    }
  }

  @Test
  void whatALostClientHeldGoesToAnother() {
    try (RawSession publisher = publishing();
        RawSession lost = consuming()) {
      publisher.send(publish(1, "a"));
      Frame.Delivered held = lost.next(Frame.Deliveries.class).deliveries().get(0);
      assertThat(held.attempt()).isEqualTo(1);
      lost.breakOff();
      try (RawSession other = consuming()) {
        Frame.Delivered again = other.next(Frame.Deliveries.class).deliveries().get(0);

        assertThat(text(again.message())).isEqualTo("a");
        assertThat(again.attempt()).isEqualTo(2);
      }
    }
  }

  /**
   * Nobody knows which of them ended the client: each is tried by itself, and costs nothing yet.
   */
  @Test
  void severalThatALostClientHeldComeOneAfterTheOther() {
    try (RawSession publisher = publishing();
        RawSession lost = consuming()) {
      publisher.send(publish(1, "a", "b", "c"));
      int held = 0;
      while (held < 3) {
        held += lost.next(Frame.Deliveries.class).deliveries().size();
      }
      lost.breakOff();
      try (RawSession other = consuming()) {
        for (int i = 0; i < 3; i++) {
          List<Frame.Delivered> again = other.next(Frame.Deliveries.class).deliveries();
          assertThat(again).hasSize(1);
          assertThat(again.get(0).attempt()).isEqualTo(1);
          other.send(
              new Frame.Settle(
                  1, i + 1, Frame.Action.ACK, -1, null, List.of(again.get(0).handle())));
          // Nothing else comes before that is settled.
          assertThat(other.next(Frame.Settled.class).statuses())
              .containsExactly(Frame.Status.ACKED);
        }
      }
    }
  }

  @Test
  void whatAClientHeldThatSaysGoodbyeCostsNoAttempt() {
    try (RawSession publisher = publishing();
        RawSession leaving = consuming()) {
      publisher.send(publish(1, "a"));
      leaving.next(Frame.Deliveries.class);
      leaving.send(new Frame.Goodbye());
      leaving.breakOff();
      try (RawSession other = consuming()) {
        assertThat(other.next(Frame.Deliveries.class).deliveries().get(0).attempt()).isEqualTo(1);
      }
    }
  }

  @Test
  void aClientThatComesBackGoesOnWithWhatItHeld() {
    int port = node.httpAddress().getPort();
    RawSession lost = new RawSession(port, "");
    lost.send(new Frame.Hello(Frame.VERSION, "test", 0, 0));
    Frame.Welcome named = lost.next(Frame.Welcome.class);
    lost.next(Frame.Members.class);
    try (RawSession publisher = publishing()) {
      lost.send(new Frame.Subscribe(2, "orders", "default", 0, null, null), new Frame.Want(2, 10));
      lost.next(Frame.Subscribed.class);
      publisher.send(publish(1, "a"));
      List<Frame.Delivered> held = lost.next(Frame.Deliveries.class).deliveries();
      lost.breakOff();
      try (RawSession back = new RawSession(port, "");
          RawSession other = consuming()) {
        back.send(
            new Frame.Hello(Frame.VERSION, "test", named.sessionHigh(), named.sessionLow()),
            new Frame.Subscribe(2, "orders", "default", 0, null, null));
        back.next(Frame.Welcome.class);
        back.next(Frame.Members.class);
        back.next(Frame.Subscribed.class);
        back.send(settle(1, Frame.Action.EXTEND, held));
        assertThat(back.next(Frame.Settled.class).statuses())
            .containsExactly(Frame.Status.EXTENDED);
        // The first session would have ended by now, if it had not been adopted.
        LockSupport.parkNanos(2 * SessionLimits.DEFAULT.lingerTimeout().toNanos());
        back.send(settle(2, Frame.Action.NACK, held));
        assertThat(back.next(Frame.Settled.class).statuses()).containsExactly(Frame.Status.NACKED);

        assertThat(other.next(Frame.Deliveries.class).deliveries().get(0).attempt()).isEqualTo(2);
      }
    }
  }

  /** Guards deliveries that were on the way when the connection broke. */
  @Test
  void whatAClientThatComesBackDoesNotHoldGoesToOthersWithoutAnAttempt() {
    int port = node.httpAddress().getPort();
    try (RawSession publisher = publishing();
        RawSession lost = new RawSession(port, "")) {
      lost.send(new Frame.Hello(Frame.VERSION, "test", 0, 0));
      Frame.Welcome named = lost.next(Frame.Welcome.class);
      lost.next(Frame.Members.class);
      lost.send(new Frame.Subscribe(2, "orders", "default", 0, null, null), new Frame.Want(2, 10));
      lost.next(Frame.Subscribed.class);
      publisher.send(publish(1, "a"));
      lost.next(Frame.Deliveries.class);
      lost.breakOff();
      try (RawSession back = new RawSession(port, "")) {
        back.send(
            new Frame.Hello(Frame.VERSION, "test", named.sessionHigh(), named.sessionLow()),
            new Frame.Subscribe(2, "orders", "default", 0, null, null),
            new Frame.Want(2, 10));
        back.next(Frame.Welcome.class);
        back.next(Frame.Members.class);
        back.next(Frame.Subscribed.class);

        assertThat(back.next(Frame.Deliveries.class).deliveries().get(0).attempt()).isEqualTo(1);
      }
    }
  }

  @Test
  void refusesASubscriptionOnceThatIsDeletedUnderIt() throws Exception {
    try (RawSession publisher = publishing();
        RawSession consumer = consuming()) {
      URI path = URI.create(url() + "/v1/topics/orders/subscriptions/default");
      HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(path).DELETE().build(),
              HttpResponse.BodyHandlers.discarding());

      Frame.Refused refused = consumer.next(Frame.Refused.class);

      assertThat(refused.failure().type()).isEqualTo("subscription-not-found");
      consumer.send(new Frame.OpenPublisher(9, "orders", 1, 1));
      consumer.next(Frame.Placement.class);
      publisher.send(publish(1, "a"));
      publisher.next(Frame.Published.class);
    }
  }

  /** All that it wants, but not at once: who fails fast would take what others could handle. */
  @Test
  void aClientThatFailsGetsOneAtATimeUntilItSucceedsAgain() throws Exception {
    put("/v1/topics/failing", "{\"queues\":1}");
    put("/v1/topics/failing/subscriptions/s", "{\"success\":{\"target\":0}}");
    String[] texts = new String[400];
    Arrays.fill(texts, "a");
    try (RawSession session = RawSession.welcomed(node.httpAddress().getPort())) {
      session.send(new Frame.OpenPublisher(1, "failing", 11, 12));
      session.next(Frame.Placement.class);
      session.send(publish(1, texts));
      session.next(Frame.Published.class);
      session.send(new Frame.Subscribe(2, "failing", "s", 0, null, null));
      session.next(Frame.Subscribed.class);
      int request = 0;
      for (int round = 0; round < 6; round++) {
        settle(session, ++request, Frame.Action.NACK, take(session, 16));
      }

      List<List<Frame.Delivered>> failing = take(session, 16);
      assertThat(failing).hasSize(16);

      settle(session, ++request, Frame.Action.ACK, failing);
      for (int round = 0; round < 6; round++) {
        settle(session, ++request, Frame.Action.ACK, take(session, 16));
      }
      assertThat(take(session, 16)).hasSizeLessThan(4);
    }
  }

  private void put(String path, String json) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(url() + path))
                    .header("Content-Type", "application/json")
                    .PUT(HttpRequest.BodyPublishers.ofString(json))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
  }

  /** Wants so many and gets them, in so many frames. */
  private static List<List<Frame.Delivered>> take(RawSession session, int count) {
    List<List<Frame.Delivered>> frames = new ArrayList<>();
    session.send(new Frame.Want(2, count));
    for (int left = count; left > 0; left -= frames.get(frames.size() - 1).size()) {
      frames.add(session.next(Frame.Deliveries.class).deliveries());
    }
    return frames;
  }

  private static void settle(
      RawSession session, int request, Frame.Action action, List<List<Frame.Delivered>> frames) {
    List<Frame.Handle> handles =
        frames.stream().flatMap(List::stream).map(Frame.Delivered::handle).toList();
    session.send(new Frame.Settle(2, request, action, 60_000, null, handles));
    assertThat(session.next(Frame.Settled.class).statuses()).hasSize(handles.size());
  }

  @Test
  void saysWhereClientsReachTheNodeAndHowManySessionsThereAre() throws Exception {
    try (RawSession session = new RawSession(node.httpAddress().getPort(), "")) {
      session.send(new Frame.Hello(Frame.VERSION, "test", 0, 0));
      session.next(Frame.Welcome.class);

      assertThat(session.next(Frame.Members.class).members())
          .extracting(Frame.Member::url)
          .containsExactly(url());
      assertThat(
              HttpClient.newHttpClient()
                  .send(
                      HttpRequest.newBuilder(URI.create(url() + "/metrics")).build(),
                      HttpResponse.BodyHandlers.ofString())
                  .body())
          .contains("tidewheel_sessions 1");
    }
  }

  private String url() {
    return "http://127.0.0.1:" + node.httpAddress().getPort();
  }

  @Test
  void malformedFramesAreClosedWithTheirCode() {
    assertClosed(session -> session.sendMessage(new byte[] {1, 2, 3}), CloseCode.MALFORMED);
    assertClosed(
        session -> session.sendMessage(new byte[] {(byte) 0x81, 0x18, 0x63}),
        CloseCode.UNKNOWN_FRAME);
    assertClosed(session -> session.send(new Frame.Subscribed(1, 2)), CloseCode.UNKNOWN_FRAME);
    assertClosed(session -> session.send(publish(1, "a")), CloseCode.OUT_OF_ORDER);
    assertClosed(
        session -> session.send(new Frame.Hello(1, "again", 0, 0)), CloseCode.OUT_OF_ORDER);
    assertClosed(
        session -> session.sendBytes(new byte[] {(byte) 0x81, (byte) 0x80, 0, 0, 0, 0}),
        CloseCode.NOT_BINARY);
    assertClosed(
        session -> session.sendBytes(new byte[] {(byte) 0x82, 0x01, 0}), CloseCode.WEBSOCKET_ERROR);
    assertClosed(session -> session.sendMessage(new byte[12 << 20]), CloseCode.TOO_LARGE);
  }

  @Test
  void floodIsClosedAndTheOthersGoOn() {
    assertClosed(
        session -> {
          session.send(new Frame.Subscribe(1, "orders", "default", 0, null, null));
          session.send(new Frame.Want(1, 10_001));
        },
        CloseCode.FLOOD);
  }

  @Test
  void refusesOtherVersionsAndOrigins() {
    int port = node.httpAddress().getPort();
    try (RawSession session = new RawSession(port, "")) {
      session.send(new Frame.Hello(2, "newer", 0, 0));
      assertThat(session.closeCode()).isEqualTo(CloseCode.WRONG_VERSION.number());
    }
    try (RawSession foreign = new RawSession(port, "Origin: http://evil.example\r\n")) {
      assertThat(foreign.status()).isEqualTo(403);
    }
  }

  @Test
  void tellsItsClientsThatItStops() {
    try (RawSession session = RawSession.welcomed(node.httpAddress().getPort())) {
      node.terminate();
      assertThat(session.closeCode()).isEqualTo(CloseCode.GOING_AWAY.number());
    }
  }

  /** Another session is undisturbed meanwhile, and nothing of it is lost. */
  private void assertClosed(Consumer<RawSession> wrong, CloseCode code) {
    try (RawSession good = publishing();
        RawSession bad = RawSession.welcomed(node.httpAddress().getPort())) {
      wrong.accept(bad);
      assertThat(bad.closeCode()).isEqualTo(code.number());
      good.send(new Frame.Publish(1, 0, ++lastNumber, 5_000, false, List.of(message("good"))));
      good.next(Frame.Published.class);
    }
  }

  private long lastNumber = 1_000;

  private RawSession publishing() {
    RawSession session = RawSession.welcomed(node.httpAddress().getPort());
    session.send(new Frame.OpenPublisher(1, "orders", 11, 12));
    assertThat(session.next(Frame.Placement.class).nodes()).hasSize(1);
    return session;
  }

  private RawSession consuming() {
    RawSession session = RawSession.welcomed(node.httpAddress().getPort());
    session.send(new Frame.Subscribe(1, "orders", "default", 0, null, null), new Frame.Want(1, 10));
    session.next(Frame.Subscribed.class);
    return session;
  }

  private static Frame.Publish publish(long number, String... texts) {
    return new Frame.Publish(
        1, 0, number, 5_000, false, Arrays.stream(texts).map(SessionIT::message).toList());
  }

  private static Frame.Settle settle(
      long request, Frame.Action action, List<Frame.Delivered> deliveries) {
    return new Frame.Settle(
        2, request, action, -1, null, deliveries.stream().map(Frame.Delivered::handle).toList());
  }

  private static Message message(String text) {
    return Message.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(Message message) {
    return new String(message.payload(), StandardCharsets.UTF_8);
  }
}
