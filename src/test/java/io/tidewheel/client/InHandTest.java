package io.tidewheel.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.session.frame.Frame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InHandTest {
  private final InHand inHand = new InHand();

  @Test
  void thoseOfAKeyComeOneAfterTheOther() {
    Held a1 = add(1, "a");
    Held a2 = add(2, "a");
    Held free = add(3, null);
    Held b1 = add(4, "b");

    assertThat(takeAll()).containsExactly(a1, free, b1);
    inHand.done(b1, false);
    assertThat(takeAll()).isEmpty();
    inHand.done(a1, false);
    assertThat(takeAll()).containsExactly(a2);
    inHand.done(a2, false);
    inHand.done(free, false);
    assertThat(inHand.size()).isZero();
    assertThat(takeAll()).isEmpty();
  }

  /** Guards the order of a key whose first message failed: the broker has taken the rest back. */
  @Test
  void whatIsBehindOneThatIsGivenBackIsForgotten() {
    Held a1 = add(1, "a");
    add(2, "a");
    add(3, "a");
    assertThat(takeAll()).containsExactly(a1);

    inHand.done(a1, true);

    assertThat(takeAll()).isEmpty();
    assertThat(inHand.size()).isZero();
    Held again = add(1, "a");
    assertThat(takeAll()).containsExactly(again);
  }

  @Test
  void givesOutWhatIsNotBegunAndKeepsWhatIs() {
    Held a1 = add(1, "a");
    assertThat(takeAll()).containsExactly(a1);
    Held a2 = add(2, "a");
    Held b1 = add(3, "b");
    Held b2 = add(4, "b");

    assertThat(inHand.takeUnbegun()).containsExactlyInAnyOrder(a2, b1, b2);

    assertThat(inHand.size()).isEqualTo(1);
    inHand.done(a1, false);
    assertThat(takeAll()).isEmpty();
    Held later = add(5, "b");
    assertThat(takeAll()).containsExactly(later);
  }

  @Test
  void leasesAreMadeLongerOnceAtATimeAndInTime() {
    Held held = add(1, null);

    assertThat(held.beginExtending(50, 49)).isFalse();
    assertThat(held.beginExtending(50, 50)).isTrue();
    assertThat(held.beginExtending(50, 60)).isFalse();
    held.extended(200);
    assertThat(held.isOver(199)).isFalse();
    assertThat(held.beginExtending(50, 149)).isFalse();
    assertThat(held.beginExtending(50, 150)).isTrue();
    assertThat(held.isOver(200)).isTrue();
  }

  private List<Held> takeAll() {
    List<Held> taken = new ArrayList<>();
    for (Held next = inHand.take(); next != null; next = inHand.take()) {
      taken.add(next);
    }
    return taken;
  }

  /** Without a session: nothing is settled here. */
  private Held add(long offset, String key) {
    Held held =
        new Held(
            new Frame.Delivered(
                new Frame.Handle(1, 0, offset, 1, 1),
                1,
                0,
                Message.text("m" + offset).withKey(key)),
            null,
            100);
    inHand.add(held);
    return held;
  }
}
