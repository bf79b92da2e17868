package io.tidewheel.session.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.message.Message;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class FrameTest {
  private static final Message MESSAGE =
      Message.of(
          "id-1",
          "key ä",
          Map.of("type", "order.created"),
          "application/json",
          "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8),
          Message.FOR_ALL,
          Message.NEVER);

  private static final Frame.Handle HANDLE = new Frame.Handle(3, 2, 1L << 40, -77, 5);
  private static final Frame.Failure FAILURE =
      new Frame.Failure("over-limit", "later", true, false);

  private static final List<Frame> FRAMES =
      List.of(
          new Frame.Hello(1, "test", -1, Long.MAX_VALUE),
          new Frame.OpenPublisher(1, "orders", Long.MIN_VALUE, 7),
          new Frame.Publish(1, 3, 99, 5_000, true, List.of(MESSAGE, Message.of(new byte[0]))),
          new Frame.Subscribe(2, "orders", "billing", 0, null, "v2"),
          new Frame.Want(2, 100),
          new Frame.Settle(2, 8, Frame.Action.NACK, -1, "why", List.of(HANDLE, HANDLE)),
          new Frame.Unsubscribe(2),
          new Frame.Goodbye(),
          new Frame.Cost(2, 3, Map.of("db", 4_500L)),
          new Frame.Pushback(2, "db", Frame.Signal.SLOW, 200_000, 5_000, "compaction"),
          new Frame.Pushback(2, "db", Frame.Signal.RECOVERED, -1, 0, null),
          new Frame.Busy(930),
          new Frame.Watch(5, "ord*", null, "a:1", 10),
          new Frame.Welcome(1, 5, -6, "n", new Frame.Bounds(1, 2, 3, 4, 5, 6)),
          new Frame.Members(
              List.of(
                  new Frame.Member("a:1", "zone", true, "http://a:8080"),
                  new Frame.Member("b:1", "zone", false, null))),
          new Frame.Placement(1, 44, 1 << 20, List.of("a:1", "")),
          new Frame.NotPublished(1, 0, 4, FAILURE),
          new Frame.Subscribed(2, 30_000),
          new Frame.Deliveries(2, List.of(new Frame.Delivered(HANDLE, 1, 1_700_000, MESSAGE))),
          new Frame.Settled(2, 8, List.of(Frame.Status.ACKED, Frame.Status.RETRY)),
          new Frame.Refused(2, FAILURE),
          new Frame.Backlog(
              5,
              true,
              false,
              List.of(
                  new Frame.BacklogRow(
                      new Frame.BacklogPlace(7, 3),
                      "orders",
                      "billing",
                      "a:1",
                      new Frame.Counts(1, 2, 3, 4, 5, 6),
                      1_700_000,
                      8,
                      new Frame.RatesPerSecond(1_500, 2_500, 10),
                      -1,
                      200_000,
                      "backend",
                      "paused",
                      true,
                      false)),
              List.of(new Frame.BacklogPlace(7, 4))));

  @ParameterizedTest
  @FieldSource("FRAMES")
  void readsWhatItWrote(Frame frame) {
    assertThat(read(write(frame))).containsExactly(frame);
  }

  @Test
  void readsNumbersOfMessages() {
    Frame.Published plain = published(new Frame.Published(1, 0, 5, 100, null));
    Frame.Published mixed =
        published(new Frame.Published(1, 0, 5, 7, new long[] {7, Frame.ID_CONFLICT, -20}));

    assertThat(plain.codes()).isNull();
    assertThat(plain.firstOffset()).isEqualTo(100);
    assertThat(mixed.codes()).containsExactly(7, -1, -20);
  }

  @Test
  void readsSeveralFramesOfOneMessage() {
    byte[] message = write(FRAMES.toArray(Frame[]::new));

    assertThat(read(message)).isEqualTo(FRAMES);
  }

  /** The protocol is spoken by others: its bytes change with its version only. */
  @Test
  void bytesNeverChange() {
    assertThat(HexFormat.of().formatHex(write(new Frame.Want(2, 100)))).isEqualTo("8305021864");
    assertThat(HexFormat.of().formatHex(write(new Frame.Goodbye()))).isEqualTo("8108");
  }

  @Test
  void refusesWhatIsCutOff() {
    for (Frame frame : FRAMES) {
      byte[] whole = write(frame);
      for (int length = 1; length < whole.length; length++) {
        byte[] cut = Arrays.copyOf(whole, length);
        assertThatThrownBy(() -> read(cut))
            .as("%s cut to %s bytes", frame, length)
            .isInstanceOf(FrameException.class);
      }
    }
  }

  @Test
  void neverFailsOtherwiseOnBytesOfStrangers() {
    SplittableRandom random = new SplittableRandom(42);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = write(FRAMES.get(random.nextInt(FRAMES.size())));
      for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        read(bytes);
      } catch (FrameException expected) {
        assertThat(expected.code().number()).isBetween(4000, 4003);
      }
    }
  }

  @Test
  void refusesUnknownKindsAndVersions() {
    assertThat(codeOf("811863")).isEqualTo(CloseCode.UNKNOWN_FRAME);
    assertThat(codeOf("820102")).isEqualTo(CloseCode.WRONG_VERSION);
    assertThat(codeOf("a0")).isEqualTo(CloseCode.MALFORMED);
    assertThat(codeOf("820801")).isEqualTo(CloseCode.MALFORMED);
  }

  /** Memory and stack are not taken for what is only announced. */
  @Test
  void refusesWhatIsDeepOrAnnouncedAndNotThere() {
    assertThat(codeOf("81".repeat(100_000))).isEqualTo(CloseCode.MALFORMED);
    assertThat(codeOf("8503" + "81".repeat(100_000))).isEqualTo(CloseCode.MALFORMED);
    assertThat(codeOf("9a7fffffff05")).isEqualTo(CloseCode.MALFORMED);
    assertThat(codeOf("8402017a7fffffff61")).isEqualTo(CloseCode.MALFORMED);
    assertThat(codeOf("87030100010000" + "9a7fffffff")).isEqualTo(CloseCode.MALFORMED);
  }

  private static CloseCode codeOf(String hex) {
    try {
      read(HexFormat.of().parseHex(hex));
      throw new AssertionError("was taken: " + hex);
    } catch (FrameException e) {
      return e.code();
    }
  }

  private static Frame.Published published(Frame frame) {
    return (Frame.Published) read(write(frame)).get(0);
  }

  private static byte[] write(Frame... frames) {
    FrameWriter writer = new FrameWriter(16);
    for (Frame frame : frames) {
      writer.write(frame);
    }
    return writer.toByteArray();
  }

  private static List<Frame> read(byte[] message) {
    List<Frame> frames = new java.util.ArrayList<>();
    try (FrameReader reader = new FrameReader(message)) {
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        frames.add(frame);
      }
    }
    return frames;
  }
}
