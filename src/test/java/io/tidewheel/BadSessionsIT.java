package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.session.RawSession;
import io.tidewheel.session.SessionLimits;
import io.tidewheel.session.frame.CloseCode;
import io.tidewheel.session.frame.Frame;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that do wrong, on a node with narrow bounds: each is closed with a code that says why,
 * another session is undisturbed meanwhile, and nothing is lost.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadSessionsIT {
  private static final int MAX_FRAME_BYTES = 1 << 20;
  private static final int MAX_REFS = 10;
  private static final int MAX_WANTED = 100;
  private static final int MAX_OPEN_PUBLISHES = 8;
  private static final SessionLimits LIMITS =
      new SessionLimits(
          new Frame.Bounds(
              MAX_FRAME_BYTES, 300_000, MAX_OPEN_PUBLISHES, MAX_REFS, MAX_WANTED, 1_000),
          20,
          2 << 20,
          Duration.ofSeconds(2),
          Duration.ofSeconds(1),
          Duration.ofMillis(500),
          Duration.ofMillis(200));

  private TidewheelNode node;
  private long lastNumber;

  @BeforeAll
  void start(@TempDir Path directory) {
    node = LocalNode.start(directory, Map.of(), LIMITS);
    publishing("wrong").close();
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @Test
  void whoNeverReadsIsBrokenOffAndWhatItDidNotReadGoesToOthers() {
    int count = 60;
    try (RawSession publisher = publishing("unread");
        RawSession deaf = RawSession.welcomed(port())) {
      for (int i = 0; i < count; i++) {
        publisher.send(publish(i + 1, List.of(Message.of(new byte[250_000]))));
        publisher.next(Frame.Published.class);
      }
      deaf.send(subscribe("unread"), new Frame.Want(1, MAX_WANTED));
      undisturbed("unread-good", Duration.ofSeconds(2));
      try (RawSession other = RawSession.welcomed(port())) {
        other.send(subscribe("unread"), new Frame.Want(1, MAX_WANTED));
        other.next(Frame.Subscribed.class);
        List<Frame.Delivered> all = new ArrayList<>();
        while (all.size() < count) {
          List<Frame.Delivered> some = other.next(Frame.Deliveries.class).deliveries();
          other.send(settle(all.size() + 1, some));
          all.addAll(some);
          assertThat(other.next(Frame.Settled.class).statuses()).containsOnly(Frame.Status.ACKED);
        }
        assertThat(all).extracting(each -> each.handle().offset()).doesNotHaveDuplicates();
      }
    }
  }

  /** As when its host has lost its power: no pong, no close. */
  @Test
  void whoIsSilentIsClosedAndWhatItHoldsGoesToOthers() {
    try (RawSession publisher = publishing("held");
        RawSession silent = RawSession.welcomed(port())) {
      publisher.send(publish(1, List.of(Message.text("a"))));
      publisher.next(Frame.Published.class);
      silent.send(subscribe("held"), new Frame.Want(1, 1));
      silent.next(Frame.Subscribed.class);
      silent.next(Frame.Deliveries.class);
      undisturbed("held-good", Duration.ofMillis(3_500));
      assertThat(silent.closeCode()).isEqualTo(CloseCode.SILENT.number());
      try (RawSession other = RawSession.welcomed(port())) {
        other.send(subscribe("held"), new Frame.Want(1, 1));
        other.next(Frame.Subscribed.class);
        assertThat(other.next(Frame.Deliveries.class).deliveries().get(0).attempt()).isEqualTo(2);
      }
    }
  }

  @Test
  void whoSaysNoHelloIsClosed() {
    try (RawSession session = new RawSession(port(), "")) {
      assertThat(session.closeCode()).isEqualTo(CloseCode.OUT_OF_ORDER.number());
    }
  }

  @Test
  void whatComesAtTheWrongTimeIsClosed() {
    assertClosed(session -> session.send(new Frame.Want(7, 1)), CloseCode.OUT_OF_ORDER);
    assertClosed(session -> session.send(settle(1, List.of())), CloseCode.OUT_OF_ORDER);
    assertClosed(session -> session.send(new Frame.Unsubscribe(3)), CloseCode.OUT_OF_ORDER);
    assertClosed(
        session -> session.send(subscribe("wrong"), subscribe("wrong")), CloseCode.OUT_OF_ORDER);
    assertClosed(
        session -> session.send(subscribe("wrong"), settle(1, List.of())), CloseCode.OUT_OF_ORDER);
    assertClosed(
        session ->
            session.send(new Frame.OpenPublisher(1, "wrong", 1, 2), publish(1, List.of(text()))),
        CloseCode.OUT_OF_ORDER);
    assertClosed(
        session -> session.send(new Frame.Goodbye(), subscribe("wrong")), CloseCode.OUT_OF_ORDER);
  }

  @Test
  void floodsAreClosed() {
    assertClosed(
        session -> session.send(subscribe("wrong"), new Frame.Want(1, MAX_WANTED + 1)),
        CloseCode.FLOOD);
    assertClosed(
        session -> {
          for (int ref = 1; ref <= MAX_REFS + 1; ref++) {
            session.send(new Frame.Subscribe(ref, "wrong", "default", 0, null, null));
          }
        },
        CloseCode.FLOOD);
    assertClosed(
        session -> {
          open(session, "wrong");
          Frame[] flood = new Frame[4 * MAX_OPEN_PUBLISHES];
          for (int i = 0; i < flood.length; i++) {
            flood[i] = publish(i + 1, List.of(text()));
          }
          session.send(flood);
        },
        CloseCode.FLOOD);
    assertClosed(
        session -> {
          open(session, "wrong");
          session.send(
              publish(1, List.of(Message.of(new byte[200_000]))),
              publish(2, List.of(Message.of(new byte[200_000]))));
        },
        CloseCode.FLOOD);
    assertClosed(
        session -> {
          session.send(subscribe("wrong"));
          session.next(Frame.Subscribed.class);
          Frame[] flood = new Frame[4 * MAX_OPEN_PUBLISHES];
          Frame.Handle handle = new Frame.Handle(1, 0, 0, 1, 1);
          for (int i = 0; i < flood.length; i++) {
            flood[i] =
                new Frame.Settle(1, i, Frame.Action.ACK, -1, null, Collections.nCopies(9, handle));
          }
          session.send(flood);
        },
        CloseCode.FLOOD);
  }

  @Test
  void whatIsTooLargeIsClosedBeforeItHasCome() {
    // The length is announced, and not a byte of it sent.
    assertClosed(
        session ->
            session.sendBytes(
                new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}),
        CloseCode.TOO_LARGE);
  }

  @Test
  void noMoreSessionsThanItsBoundAreTaken() {
    List<RawSession> open = new ArrayList<>();
    try {
      for (int status = 101; status == 101 && open.size() < 40; ) {
        open.add(new RawSession(port(), ""));
        status = open.get(open.size() - 1).status();
      }
      assertThat(open.get(open.size() - 1).status()).isEqualTo(503);
    } finally {
      open.forEach(RawSession::close);
    }
  }

  /** Another session goes on meanwhile. */
  private void assertClosed(Consumer<RawSession> wrong, CloseCode code) {
    try (RawSession good = publishing("good");
        RawSession bad = RawSession.welcomed(port())) {
      wrong.accept(bad);
      assertThat(bad.closeCode()).isEqualTo(code.number());
      good.send(publish(++lastNumber, List.of(text())));
      good.next(Frame.Published.class);
    }
  }

  /** A session publishes for so long, and each is answered while others wait. */
  private void undisturbed(String topic, Duration duration) {
    try (RawSession good = publishing(topic)) {
      long until = System.nanoTime() + duration.toNanos();
      for (int i = 1; System.nanoTime() - until < 0; i++) {
        good.send(publish(i, List.of(text())));
        good.next(Frame.Published.class);
      }
    }
  }

  private int port() {
    return node.httpAddress().getPort();
  }

  private static Message text() {
    return Message.of("a".getBytes(StandardCharsets.UTF_8));
  }

  private RawSession publishing(String topic) {
    RawSession session = RawSession.welcomed(port());
    open(session, topic);
    return session;
  }

  private static void open(RawSession session, String topic) {
    session.send(new Frame.OpenPublisher(1, topic, 11, 12));
    session.next(Frame.Placement.class);
  }

  private static Frame.Subscribe subscribe(String topic) {
    return new Frame.Subscribe(1, topic, "default", 0, null, null);
  }

  private static Frame.Publish publish(long number, List<Message> messages) {
    return new Frame.Publish(1, 0, number, 5_000, false, messages);
  }

  private static Frame.Settle settle(long request, List<Frame.Delivered> deliveries) {
    return new Frame.Settle(
        1,
        request,
        Frame.Action.ACK,
        -1,
        null,
        deliveries.stream().map(Frame.Delivered::handle).toList());
  }
}
