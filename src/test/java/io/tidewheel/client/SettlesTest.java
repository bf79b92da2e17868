package io.tidewheel.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.session.frame.Frame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SettlesTest {
  private static final Settles.Kind ACK = new Settles.Kind(1, Frame.Action.ACK, -1, null);

  private final Settles settles = new Settles();
  private long lastOffset;

  @Test
  void theFirstGoesAtOnce() {
    add(1);
    assertThat(take()).containsExactly(1);
  }

  @Test
  void whileSomeAreOpenHalfAsManyWaitForEachOther() {
    add(10);
    assertThat(take()).containsExactly(10);
    add(4);
    assertThat(take()).isEmpty();
    add(1);
    assertThat(take()).containsExactly(5);
  }

  @Test
  void whatWaitsGoesWhenThoseBeforeAreAnswered() {
    add(10);
    take();
    add(1);
    assertThat(take()).isEmpty();
    assertThat(settles.answered(1)).isNotNull();
    assertThat(take()).containsExactly(1);
    assertThat(settles.answered(1)).isNull();
  }

  @Test
  void manyGoWhateverIsOpen() {
    add(1_000);
    take();
    add(63);
    assertThat(take()).isEmpty();
    add(1);
    assertThat(take()).containsExactly(64);
  }

  @Test
  void allAreHandedBackAtTheEnd() {
    add(4);
    take();
    add(1);
    assertThat(settles.takeAll().stream().map(call -> call.held().size())).containsExactly(4, 1);
    add(1);
    assertThat(take()).containsExactly(1);
  }

  private void add(int count) {
    for (int i = 0; i < count; i++) {
      Frame.Handle handle = new Frame.Handle(1, 0, lastOffset++, 1, 1);
      Frame.Delivered delivered = new Frame.Delivered(handle, 1, 0, Message.of(new byte[] {1}));
      settles.add(ACK, new Held(delivered, null, 0));
    }
  }

  /** Handles of each frame. */
  private List<Integer> take() {
    List<Frame.FromClient> frames = new ArrayList<>();
    settles.take(frames);
    return frames.stream().map(frame -> ((Frame.Settle) frame).handles().size()).toList();
  }
}
