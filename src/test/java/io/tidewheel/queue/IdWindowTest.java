package io.tidewheel.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.message.Message;
import io.tidewheel.queue.IdWindow.Entry;
import io.tidewheel.queue.IdWindow.IdHash;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class IdWindowTest {
  private final IdWindow window = new IdWindow();

  /** Stored for ever in snapshots. */
  @Test
  void hashesIdsAsTheirSha256Begins() {
    assertThat(IdHash.of("abc")).isEqualTo(new IdHash(0xba7816bf8f01cfeaL, 0x414140de5dae2223L));
  }

  @Test
  void tellsBodiesApart() {
    long body = IdWindow.bodyOf(Message.of(new byte[] {1, 2, 3}));
    assertThat(body >>> 32).isEqualTo(3);
    assertThat(IdWindow.bodyOf(Message.of(new byte[] {1, 2, 4}))).isNotEqualTo(body);
    assertThat(IdWindow.bodyOf(Message.of(new byte[] {1, 2, 3}).withKey("k"))).isEqualTo(body);
  }

  @Test
  void forgetsByAgeAndByCount() {
    for (int i = 0; i < 10; i++) {
      window.add(id(i), i, i, 1_000 + i);
    }
    assertThat(window.find(id(3), 1_003, 100)).isEqualTo(new Entry(3, 3));
    assertThat(window.find(id(3), 1_004, 100)).isNull();
    assertThat(window.find(id(3), 0, 7)).isEqualTo(new Entry(3, 3));
    assertThat(window.find(id(3), 0, 6)).isNull();
    assertThat(window.find(id(11), 0, 100)).isNull();
  }

  @Test
  void keepsAnIdAtItsNewestOffset() {
    window.add(id(1), 10, 1, 100);
    window.add(id(1), 20, 2, 200);
    assertThat(window.find(id(1), 0, 100)).isEqualTo(new Entry(20, 2));
    assertThat(window.size()).isEqualTo(2);
  }

  @Test
  void theOldestLeavesAtTheBound() {
    for (int i = 0; i <= IdWindow.MAX_IDS; i++) {
      window.add(id(i), i, i, i);
    }
    assertThat(window.size()).isEqualTo(IdWindow.MAX_IDS);
    assertThat(window.find(id(0), 0, Integer.MAX_VALUE)).isNull();
    assertThat(window.find(id(1), 0, Integer.MAX_VALUE)).isEqualTo(new Entry(1, 1));
    assertThat(window.find(id(IdWindow.MAX_IDS), 0, 1)).isNotNull();
  }

  /** An id that came again is not forgotten when its first entry leaves. */
  @Test
  void theOldEntryOfARepeatedIdLeavesAlone() {
    window.add(id(0), 0, 0, 0);
    for (int i = 1; i < IdWindow.MAX_IDS - 1; i++) {
      window.add(id(i), i, i, i);
    }
    window.add(id(0), 77_777, 7, 0);
    window.add(id(-1), 1, 1, 1);
    assertThat(window.find(id(0), 0, Integer.MAX_VALUE)).isEqualTo(new Entry(77_777, 7));
  }

  /**
   * Against a naive list, with few distinct hashes that collide in their slots, so that probing,
   * growth, eviction and the closing of gaps all happen.
   */
  @Property(tries = 40)
  void findsWhatAListFinds(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int distinct = random.nextInt(1, 20_000);
    int count = random.nextInt(1, 40_000);
    IdWindow tested = new IdWindow();
    List<IdHash> all = new ArrayList<>();
    java.util.Map<IdHash, Integer> newest = new java.util.HashMap<>();
    for (int i = 0; i < count; i++) {
      // Half of the ids share 16 homes: high ^ low decides the slot.
      long number = random.nextInt(distinct);
      IdHash id =
          number % 2 == 0 ? new IdHash(number, number ^ (number % 16)) : new IdHash(number, 0);
      tested.add(id, i, i, i);
      all.add(id);
      newest.put(id, i);
      if (i % 97 == 0) {
        IdHash asked = all.get(random.nextInt(all.size()));
        int at = newest.get(asked);
        boolean isKept = i - at < IdWindow.MAX_IDS;
        int limit = random.nextInt(1, 20_000);
        long notBefore = random.nextInt(i + 1);
        assertThat(tested.find(asked, 0, Integer.MAX_VALUE))
            .isEqualTo(isKept ? new Entry(at, at) : null);
        assertThat(tested.find(asked, notBefore, limit))
            .isEqualTo(isKept && at >= notBefore && i - at < limit ? new Entry(at, at) : null);
      }
    }
    assertThat(tested.size()).isEqualTo(Math.min(count, IdWindow.MAX_IDS));
    List<IdHash> kept = new ArrayList<>();
    tested.forEach((id, offset, body, at) -> kept.add(id));
    assertThat(kept).isEqualTo(all.subList(Math.max(0, count - IdWindow.MAX_IDS), count));
  }

  private static IdHash id(int number) {
    return IdHash.of("id-" + number);
  }
}
