package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import io.tidewheel.message.Message;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class PendingAppendsTest {
  private static final int OVERHEAD = Message.of(new byte[0]).weight();

  private final List<Queue.Append> expired = new ArrayList<>();
  private final PendingAppends pending = new PendingAppends(10_000);

  @Test
  void takesEverythingThatFitsInOrder() {
    Queue.Append first = append(100, 10);
    Queue.Append second = append(100, 10);
    assertThat(pending.offer(first, 0)).isTrue();
    assertThat(pending.offer(second, 0)).isTrue();
    assertThat(pending.take(0, expired::add)).containsExactly(first, second);
    assertThat(pending.isEmpty()).isTrue();
    assertThat(pending.take(0, expired::add)).isEmpty();
  }

  @Test
  void refusesBeyondItsBytesAndTakesAgainWhenTheyAreFree() {
    assertThat(pending.offer(append(6_000, 10), 0)).isTrue();
    assertThat(pending.offer(append(6_000, 10), 0)).isFalse();
    assertThat(pending.offer(append(2_000, 10), 0)).isTrue();
    pending.take(0, expired::add);
    assertThat(pending.offer(append(6_000, 10), 0)).isTrue();
  }

  @Test
  void takesOneAppendLargerThanTheBound() {
    assertThat(pending.offer(append(50_000, 10), 0)).isTrue();
    assertThat(pending.offer(append(1, 10), 0)).isFalse();
  }

  @Test
  void boundsTheNumberOfAppends() {
    for (int i = 0; i < PendingAppends.MAX_APPENDS; i++) {
      assertThat(pending.offer(empty(), 0)).isTrue();
    }
    assertThat(pending.offer(empty(), 0)).isFalse();
  }

  @Test
  void aCommitEndsAtItsSizeAndTakesAtLeastOneAppend() {
    PendingAppends large = new PendingAppends(Long.MAX_VALUE);
    int half = PendingAppends.COMMIT_BYTES / 2 - OVERHEAD;
    large.offer(append(half, 10), 0);
    large.offer(append(half, 10), 0);
    large.offer(append(1, 10), 0);
    large.offer(append(2 * PendingAppends.COMMIT_BYTES, 10), 0);
    assertThat(large.take(0, expired::add)).hasSize(2);
    assertThat(large.take(0, expired::add)).hasSize(1);
    assertThat(large.take(0, expired::add)).hasSize(1);
  }

  /** An expired append must not be stored: its publisher was told so, or gave up. */
  @Test
  void dropsWhatIsExpiredAndSaysSo() {
    Queue.Append inTime = append(10, 101);
    Queue.Append late = append(10, 100);
    pending.offer(late, 0);
    pending.offer(inTime, 0);
    assertThat(pending.take(100_000_000, expired::add)).containsExactly(inTime);
    assertThat(expired).containsExactly(late);
    assertThat(pending.offer(append(9_000, 1), 0)).isTrue();
  }

  @Test
  void aLimitMayBeEndlessOrOverAlready() {
    Queue.Append endless = append(10, Long.MAX_VALUE);
    pending.offer(endless, Long.MAX_VALUE - 5);
    assertThat(pending.take(Long.MIN_VALUE + 5, expired::add)).containsExactly(endless);
    Queue.Append over = append(10, Long.MIN_VALUE);
    pending.offer(over, 7);
    assertThat(pending.take(7, expired::add)).isEmpty();
    assertThat(expired).containsExactly(over);
  }

  /** Monotonic time may be anything, also about to overflow. */
  @Test
  void comparesTimesThatOverflow() {
    Queue.Append append = append(10, 1_000);
    pending.offer(append, Long.MAX_VALUE - 10);
    assertThat(pending.take(Long.MIN_VALUE + 10, expired::add)).containsExactly(append);
  }

  @Test
  void drainsInOrderAndIsFreeThen() {
    Queue.Append first = append(6_000, 10);
    pending.offer(first, 0);
    List<Queue.Append> drained = new ArrayList<>();
    pending.drain(drained::add);
    assertThat(drained).containsExactly(first);
    assertThat(pending.isEmpty()).isTrue();
    assertThat(pending.offer(append(9_000, 10), 0)).isTrue();
  }

  private static Queue.Append append(int payloadBytes, long timeLeftMillis) {
    return new Queue.Append(
        new SenderId(1, 1),
        1,
        List.of(Message.of(new byte[payloadBytes])),
        timeLeftMillis,
        false,
        TestInbox.<AppendReply>create().getRef());
  }

  private static Queue.Append empty() {
    return new Queue.Append(
        new SenderId(1, 1),
        1,
        Collections.emptyList(),
        10,
        false,
        TestInbox.<AppendReply>create().getRef());
  }
}
