package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import io.tidewheel.queue.QueueEvent.QueueDeleted;
import io.tidewheel.queue.QueueEvent.SubscriptionClosed;
import io.tidewheel.queue.QueueEvent.SubscriptionOpened;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bytes are on disks: a change needs a new manifest, and the old form stays readable. */
class QueueCodecTest {
  private static final QueueCodec CODEC = new QueueCodec();
  private static final String STATE_BYTES =
      "0480d095ffbc31b0975593a09c76b00c000203060104050c80a0abfef962020700ac0201010502000000"
          + "0000000001ffffffffffffffff000501010101010101010101010101010102010002000100020200"
          + "00000000000002000000000000000300810801010101010101010101010101010102090102011f09"
          + "0102011f02a56145270ce6b3bebd1dd012b73948670280a0abfef96283c9f0e025a56145270ce6b3"
          + "bebd1dd012b7394867040083c9f0e025";
  private static final HexFormat HEX = HexFormat.of();

  /** An event with its manifest and bytes. */
  record Golden(QueueEvent event, String manifest, String bytes) {}

  static List<Golden> golden() {
    return List.of(
        new Golden(
            appended(),
            "messages-appended-1",
            "f0a20480d095ffbc310123456789abcdef020000000000000001ffffffffffffffff010002f0a204"
                + "00000000000000020000000000000003090102011f020000000000047469646503036964010b7465"
                + "78742f706c61696e02057472616365013102c3a400ac02c0ee6d0200ff"),
        new Golden(new SubscriptionOpened(300, 70_000), "subscription-opened-1", "ac02f0a204"),
        new Golden(new SubscriptionClosed(300), "subscription-closed-1", "ac02"),
        new Golden(
            new QueueEvent.Trimmed(70_000, 300, 1L << 32), "trimmed-1", "f0a204ac028080808010"),
        new Golden(new QueueDeleted(), "queue-deleted-1", ""));
  }

  @ParameterizedTest
  @MethodSource("golden")
  void eventsHaveTheirBytesForEver(Golden golden) {
    assertThat(CODEC.manifest(golden.event)).isEqualTo(golden.manifest);
    assertThat(HEX.formatHex(encode(golden.event))).isEqualTo(golden.bytes);
    Decoder in = new Decoder(HEX.parseHex(golden.bytes));
    assertThat(CODEC.decode(golden.manifest, in)).isEqualTo(golden.event);
    in.expectEnd();
  }

  @Test
  void theStateHasItsBytesForEver() {
    QueueState state = new QueueState();
    state.apply(appended(0, 0));
    state.onCheckpoint(3);
    state.apply(appended(2, state.checksum()));
    state.onCheckpoint(5);
    state.apply(new QueueEvent.Trimmed(2, 3, 6));
    state.apply(new SubscriptionOpened(300, 1));
    state.apply(new SubscriptionOpened(7, 0));
    state.apply(new SubscriptionClosed(5));
    assertThat(CODEC.family()).isEqualTo("queue");
    assertThat(CODEC.stateManifest()).isEqualTo("state-1");
    assertThat(HEX.formatHex(encodeState(state))).isEqualTo(STATE_BYTES);
    QueueState read = decodeState(encodeState(state));
    assertThat(HEX.formatHex(encodeState(read))).isEqualTo(STATE_BYTES);
    assertThat(read.openSubscriptions()).isEqualTo(state.openSubscriptions());
    assertThat(read.senders().window(new SenderId(2, 3)).resultsOf(9))
        .isEqualTo(AppendResults.ofCodes(new long[] {-1, -16}));
  }

  @Test
  void aDeletedQueueStaysDeleted() {
    QueueState state = new QueueState();
    state.apply(new QueueDeleted());
    assertThat(decodeState(encodeState(state)).isDeleted()).isTrue();
  }

  /** At all its bounds at once, so that neither an event nor a snapshot grows with traffic. */
  @Test
  void aSnapshotIsBoundedWhateverHappened() {
    QueueState state = new QueueState();
    long number = 0;
    byte[] payload = new byte[1];
    for (int batch = 0; batch < 40; batch++) {
      Message[] messages = new Message[500];
      for (int i = 0; i < messages.length; i++) {
        messages[i] = Message.of(payload).withId("id-" + batch + "-" + i);
      }
      DecidedAppend[] appends = new DecidedAppend[50];
      for (int i = 0; i < appends.length; i++) {
        number++;
        long[] codes = new long[10];
        Arrays.fill(codes, -1_000_000_000L - number);
        appends[i] =
            new DecidedAppend(new SenderId(number, -number), 5, AppendResults.ofCodes(codes));
      }
      state.apply(
          new MessagesAppended(
              state.nextOffset(),
              1_700_000_000_000L + batch,
              state.checksum(),
              List.of(appends),
              List.of(messages)));
    }
    assertThat(encodeState(state).length).isBetween(400_000, 512 << 10);
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    Decoder nothing = new Decoder(new byte[0]);
    assertThatThrownBy(() -> CODEC.decode("messages-appended-99", nothing))
        .isInstanceOf(DecodingException.class)
        .hasMessageContaining("messages-appended-99");
    assertThatThrownBy(() -> CODEC.decodeState("state-99", nothing))
        .isInstanceOf(DecodingException.class)
        .hasMessageContaining("state-99");
  }

  /** Every cut, and every count that says more than there is, ends in a named error. */
  @Test
  void damagedBytesEndInADecodingException() {
    byte[] bytes = encode(appended());
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> CODEC.decode("messages-appended-1", new Decoder(cut)))
          .isInstanceOf(DecodingException.class);
    }
    byte[] unknownParts = HEX.parseHex("0001000000000000000000010400000000");
    assertThatThrownBy(() -> CODEC.decode("messages-appended-1", new Decoder(unknownParts)))
        .isInstanceOf(DecodingException.class)
        .hasMessageContaining("parts");
  }

  private static MessagesAppended appended() {
    return appended(70_000, 0x0123456789abcdefL);
  }

  private static MessagesAppended appended(long firstOffset, long priorChecksum) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("trace", "1");
    headers.put("ä", "");
    return new MessagesAppended(
        firstOffset,
        1_700_000_000_000L,
        priorChecksum,
        List.of(
            new DecidedAppend(new SenderId(1, -1), 1, AppendResults.stored(firstOffset, 2)),
            new DecidedAppend(new SenderId(2, 3), 9, AppendResults.ofCodes(new long[] {-1, -16}))),
        List.of(
            Message.of("tide".getBytes(StandardCharsets.UTF_8)),
            Message.of("id", "", headers, "text/plain", new byte[] {0, -1}, 300, 1_800_000L)));
  }

  private static byte[] encode(QueueEvent event) {
    Encoder out = new Encoder(16);
    CODEC.encode(event, out);
    return out.toByteArray();
  }

  private static byte[] encodeState(QueueState state) {
    Encoder out = new Encoder(16);
    CODEC.encodeState(state, out);
    return out.toByteArray();
  }

  private static QueueState decodeState(byte[] bytes) {
    Decoder in = new Decoder(bytes);
    QueueState state = CODEC.decodeState("state-1", in);
    in.expectEnd();
    return state;
  }
}
