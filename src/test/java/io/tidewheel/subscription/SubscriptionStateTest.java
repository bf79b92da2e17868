package io.tidewheel.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.subscription.SubscriptionEvent.Acks;
import io.tidewheel.subscription.SubscriptionEvent.Closing;
import io.tidewheel.subscription.SubscriptionEvent.Dying;
import io.tidewheel.subscription.SubscriptionEvent.LeaseLeft;
import io.tidewheel.subscription.SubscriptionEvent.LeasesTakenOver;
import io.tidewheel.subscription.SubscriptionEvent.Retried;
import io.tidewheel.subscription.SubscriptionEvent.Settled;
import io.tidewheel.subscription.SubscriptionEvent.Sought;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class SubscriptionStateTest {
  private final SubscriptionState state = SubscriptionState.opened(10);

  @Test
  void theFloorFollowsWhatIsSettledWithoutGaps() {
    ack(Offsets.of(12, 13, 20));
    assertThat(state.floor()).isEqualTo(10);
    assertThat(state.settledBeyondCount()).isEqualTo(3);
    ack(Offsets.of(10));
    assertThat(state.floor()).isEqualTo(11);
    ack(Offsets.of(11));
    assertThat(state.floor()).isEqualTo(14);
    assertThat(state.settledBeyondCount()).isEqualTo(1);
    assertThat(state.nextOpen(20)).isEqualTo(21);
    assertThat(state.isSettled(9)).isTrue();
    assertThat(state.isSettled(14)).isFalse();
    assertThat(state.ackedCount()).isEqualTo(5);
    ack(Offsets.range(5, 30));
    assertThat(state.floor()).isEqualTo(30);
    assertThat(state.ackedCount()).isEqualTo(20);
  }

  @Test
  void aStuckMessageKeepsTheSnapshotSmall() {
    for (long start = 11; start < 8_000_000; start += 1_000) {
      ack(Offsets.range(start, start + 1_000));
    }
    assertThat(state.floor()).isEqualTo(10);
    assertThat(bytes(state)).hasSizeLessThan(64 << 10);
    assertThat(state.canDispatch(1_000)).isTrue();
    ack(Offsets.of(10));
    assertThat(state.settledBeyondCount()).isZero();
    assertThat(bytes(state)).hasSizeLessThan(100);
  }

  @Test
  void stopsDispatchBeforeTheSnapshotIsTooLarge() {
    long offset = 11;
    while (state.canDispatch(10_000)) {
      Offsets.Builder odd = new Offsets.Builder();
      for (int i = 0; i < 10_000; i++) {
        odd.add(offset);
        offset += 2;
      }
      ack(odd.build());
    }
    assertThat(offset).isGreaterThan(1_000_000);
    assertThat(bytes(state)).hasSizeLessThan(SubscriptionState.MAX_SNAPSHOT_BYTES);
  }

  @Test
  void knowsRetriesUntilTheyAreSettled() {
    apply(List.of(new Retried(12, 1, 2, 5_000, Cause.NACKED, "no")), List.of(), List.of());
    assertThat(state.retryOf(12)).isEqualTo(new SubscriptionState.Retry(1, 2, 5_000));
    assertThat(state.historyOf(12)).containsExactly(new Attempt(1, 100, Cause.NACKED, "no"));
    ack(Offsets.of(12));
    assertThat(state.retryOf(12)).isNull();
    assertThat(state.historyOf(12)).isEmpty();
  }

  @Test
  void settlesADyingMessageWhenItsTopicHasIt() {
    apply(List.of(), List.of(new Dying(11, 3, 3, Cause.REJECTED, null)), List.of());
    assertThat(state.isDying(11)).isTrue();
    assertThat(state.isSettled(11)).isFalse();
    assertThat(state.casualties().after(0)).extracting(Pending::number).isEqualTo(1L);
    apply(List.of(), List.of(), List.of(1L));
    assertThat(state.isDying(11)).isFalse();
    assertThat(state.isSettled(11)).isTrue();
    assertThat(state.deadCount()).isEqualTo(1);
    assertThat(state.nextNumber()).isEqualTo(2);
  }

  @Test
  void aSeekStartsANewGeneration() {
    ack(Offsets.range(10, 20));
    state.apply(new Sought(1, 2, 5));
    assertThat(state.generation()).isEqualTo(2);
    assertThat(state.floor()).isEqualTo(5);
    assertThat(state.isSettled(12)).isFalse();
    assertThat(state.ackedCount()).isZero();
  }

  @Test
  void theStoredFormStays() {
    Settled settled =
        new Settled(
            1_000,
            List.of(new Acks(new WorkerName("w", "1"), Offsets.of(10, 11, 13))),
            Offsets.of(14),
            List.of(new Retried(15, 1, 1, 3_000, Cause.NACKED, "x")),
            List.of(new Dying(16, 2, 2, Cause.REJECTED, null)),
            1,
            List.of());
    assertThat(hex(settled))
        .isEqualTo(
            "e807" + "01" + "0177" + "0131" + "02" + "0a02" + "0101" + "010e01" + "01" + "0f0101"
                + "a01f" + "00" + "0278" + "01" + "100202" + "03" + "00" + "01" + "00" + "000000");
    assertThat(hex(new Sought(5, 2, 300))).isEqualTo("0502ac02");
    Closing closing =
        new Closing(9, List.of(new LeaseLeft(3, 1, -1, 100, new WorkerName("w", ""))));
    assertThat(hex(closing)).isEqualTo("0901" + "017700" + "01" + "0301" + "01" + "64" + "00");
    assertThat(hex(new LeasesTakenOver(300))).isEqualTo("ac02");
    state.apply(settled);
    assertThat(HexFormat.of().formatHex(bytes(state)))
        .isEqualTo(
            "01"
                + "00"
                + "0a"
                + "0c"
                + "03"
                + "00"
                + "01"
                + "00"
                + "14"
                + "3a300000"
                + "01000000"
                + "00000100"
                + "10000000"
                + "01000200"
                + "01"
                + "0f"
                + "02"
                + "f02e"
                + "01"
                + "0f"
                + "01"
                + "01"
                + "e807"
                + "00"
                + "0278"
                + "02"
                + "01"
                + "01"
                + "10"
                + "04"
                + "02"
                + "02"
                + "e807"
                + "03"
                + "00"
                + "00"
                + "00"
                + "00"
                + "e807"
                + "0f"
                + "00");
  }

  @Test
  void refusesDamagedForms() {
    SubscriptionCodec codec = new SubscriptionCodec();
    byte[] good = bytes(state);
    for (int length = 0; length < good.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(good, length);
      assertThatThrownBy(() -> codec.decodeState("state-1", new Decoder(cut)))
          .isInstanceOf(DecodingException.class);
    }
    assertThatThrownBy(() -> codec.decode("settled-2", new Decoder(good)))
        .isInstanceOf(DecodingException.class);
  }

  private void ack(Offsets offsets) {
    state.apply(
        new Settled(
            100,
            List.of(new Acks(WorkerName.NONE, offsets)),
            Offsets.NONE,
            List.of(),
            List.of(),
            state.nextNumber(),
            List.of()));
  }

  private void apply(List<Retried> retried, List<Dying> dying, List<Long> deadLettered) {
    state.apply(
        new Settled(
            100, List.of(), Offsets.NONE, retried, dying, state.nextNumber(), deadLettered));
  }

  static byte[] bytes(SubscriptionState state) {
    Encoder out = new Encoder(64);
    new SubscriptionCodec().encodeState(state, out);
    return out.toByteArray();
  }

  private static String hex(SubscriptionEvent event) {
    SubscriptionCodec codec = new SubscriptionCodec();
    Encoder out = new Encoder(64);
    codec.encode(event, out);
    byte[] bytes = out.toByteArray();
    Decoder in = new Decoder(bytes);
    assertThat(codec.decode(codec.manifest(event), in)).isEqualTo(event);
    in.expectEnd();
    return HexFormat.of().formatHex(bytes);
  }
}
