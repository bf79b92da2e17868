package io.tidewheel.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.message.Message;
import io.tidewheel.session.frame.Frame;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class LaneTest {
  private static final long DEADLINE = 1_000_000_000;
  private static final long FIRST = 1;
  private static final long SECOND = 2;

  private final List<CompletableFuture<Published>> answers = new ArrayList<>();
  private final Lane lane = new Lane(publisher(), 3);

  @Test
  void whatComesWhileFourAreOpenTravelsTogether() {
    for (int i = 0; i < 4; i++) {
      add("m" + i);
      assertThat(texts(lane.next(FIRST, 0))).containsExactly("m" + i);
    }
    add("a");
    add("b");
    assertThat(lane.next(FIRST, 0)).isNull();
    assertThat(lane.isReady(0)).isFalse();

    decide(1, 0);

    assertThat(texts(lane.next(FIRST, 0))).containsExactly("a", "b");
  }

  @Test
  void littleWaitsForMoreWhileMuchIsOpen() {
    for (int i = 0; i < 10; i++) {
      add("m");
    }
    assertThat(texts(lane.next(FIRST, 0))).hasSize(10);
    for (int i = 0; i < 4; i++) {
      add("m");
      assertThat(lane.isReady(0)).isFalse();
      assertThat(lane.next(FIRST, 0)).isNull();
    }
    add("m");
    assertThat(texts(lane.next(FIRST, 0))).hasSize(5);

    add("last");
    decide(1, 0);
    decide(2, 10);

    assertThat(texts(lane.next(FIRST, 0))).containsExactly("last");
  }

  /** Guards a window of numbers that is wider than the results a queue keeps. */
  @Test
  void numbersOfOpenBatchesAreWithinFour() {
    for (int i = 0; i < 4; i++) {
      add("m" + i);
      lane.next(FIRST, 0);
    }
    decide(2, 1);
    decide(3, 2);
    decide(4, 3);
    add("late");

    assertThat(lane.next(FIRST, 0)).isNull();
    decide(1, 0);
    assertThat(lane.next(FIRST, 0)).isNotNull().extracting(Batch::number).isEqualTo(5L);
  }

  @Test
  void aKeyIsInOneOpenBatchAndNothingOvertakesIt() {
    add("a1", "a");
    lane.next(FIRST, 0);
    add("b1", "b");
    add("a2", "a");
    add("b2", "b");

    assertThat(texts(lane.next(FIRST, 0))).containsExactly("b1");
    assertThat(lane.next(FIRST, 0)).isNull();
    decide(1, 0);
    assertThat(texts(lane.next(FIRST, 0))).containsExactly("a2");
  }

  @Test
  void aRepeatHasTheSameNumberAndMessagesAndGoesFirst() {
    add("a");
    Batch sent = lane.next(FIRST, 0);
    add("b");
    lane.retry(sent, true, 0);
    lane.delay(sent, 50);

    assertThat(texts(lane.next(SECOND, 40))).containsExactly("b");
    Batch repeated = lane.next(SECOND, 50);

    assertThat(repeated).isSameAs(sent);
    Frame.Publish frame = repeated.frame(9, 50);
    assertThat(frame.number()).isEqualTo(1);
    assertThat(frame.mayBeStored()).isTrue();
    assertThat(lane.next(FIRST, 50)).isNull();
  }

  @Test
  void aBatchIsBoundedInMessagesAndBytes() {
    for (int i = 0; i < Lane.MAX_BATCH_MESSAGES + 1; i++) {
      add("m");
    }
    assertThat(texts(lane.next(FIRST, 0))).hasSize(Lane.MAX_BATCH_MESSAGES);
    lane.takeWaiting();
    for (int i = 0; i < 3; i++) {
      add("x".repeat(Lane.MAX_BATCH_BYTES / 2));
    }
    assertThat(texts(lane.next(FIRST, 0))).hasSize(1);
  }

  @Test
  void whatWasRefusedTogetherTravelsAlone() {
    add("a");
    add("b");
    add("c");
    Batch refused = lane.next(FIRST, 0);
    lane.close(refused);
    lane.splitBack(refused);

    assertThat(texts(lane.next(FIRST, 0))).containsExactly("a");
    assertThat(texts(lane.next(FIRST, 0))).containsExactly("b");
    assertThat(texts(lane.next(FIRST, 0))).containsExactly("c");
  }

  @Test
  void givesUpWhatIsLate() {
    add("sent");
    lane.next(FIRST, 0);
    add("waits");
    List<Pending> waiting = new ArrayList<>();
    List<Batch> open = new ArrayList<>();
    lane.expire(DEADLINE - 1, waiting, open);
    assertThat(waiting).isEmpty();
    assertThat(open).isEmpty();

    lane.expire(DEADLINE, waiting, open);

    assertThat(waiting).hasSize(1);
    assertThat(open).hasSize(1);
    assertThat(lane.isIdle()).isTrue();
  }

  @Test
  void eachCallerIsToldWhatBecameOfItsMessage() {
    add("a");
    add("b");
    add("c");
    Batch batch = lane.next(FIRST, 0);

    batch.complete(
        new Frame.Published(9, 3, 1, 7, new long[] {7, Frame.DUPLICATE - 4, Frame.ID_CONFLICT}));

    assertThat(answers.get(0).join()).isEqualTo(new Published(3, 7, false));
    assertThat(answers.get(1).join()).isEqualTo(new Published(3, 4, true));
    assertThatThrownBy(() -> answers.get(2).join()).hasCauseInstanceOf(PermanentException.class);
  }

  @Test
  void whatMayBeStoredIsNeverSaidToBeRefused() {
    add("a");
    Batch batch = lane.next(FIRST, 0);
    lane.retry(batch, true, 0);

    batch.fail("unavailable", "refused at the second attempt", true);

    assertThatThrownBy(() -> answers.get(0).join())
        .hasCauseInstanceOf(OutcomeUnknownException.class);
  }

  private void decide(long number, long offset) {
    Batch batch = lane.open(number);
    assertThat(lane.close(batch)).isTrue();
    batch.complete(new Frame.Published(9, 3, number, offset, null));
  }

  private void add(String text) {
    add(text, null);
  }

  private void add(String text, String key) {
    CompletableFuture<Published> answer = new CompletableFuture<>();
    answers.add(answer);
    lane.add(new Pending(Message.text(text).withKey(key), DEADLINE, answer));
  }

  private static List<String> texts(Batch batch) {
    return batch.parts().stream()
        .map(part -> new String(part.message().payload(), StandardCharsets.UTF_8))
        .toList();
  }

  static Publisher publisher() {
    SplittableRandom random = new SplittableRandom(1);
    ClientSettings settings =
        new ClientSettings(
            List.of(URI.create("http://127.0.0.1:1")),
            true,
            "test",
            Duration.ofSeconds(1),
            1 << 20,
            false,
            () -> -1,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1));
    return new Publisher(
        "orders",
        new Brokers(settings, random, () -> 0),
        new RetryBudget(),
        new Backoff(1, 10, random));
  }
}
