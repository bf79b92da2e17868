package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.open;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Any mixture of writes, trims and restarts, while segments are dropped, moved and used again: the
 * store reads back what a map holds. The seed is the test's parameter.
 */
class EmbeddedStoreModelTest {
  private static final String SMALL =
      "segment-size = 1 MiB, reclaim-after = 1 MiB, max-replay-size = 2 MiB, memtable-size = 1 MiB";

  @TempDir Path temp;

  private static final class Actor {
    private final TreeMap<Long, Integer> sizes = new TreeMap<>();
    private long highest;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void readsBackWhatWasWrittenAndNotTrimmed(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Actor> model = new HashMap<>();
    EmbeddedStore store = open(temp, SMALL);
    try {
      for (int step = 0; step < 1_500; step++) {
        String id = "actor-" + random.nextInt(6);
        Actor actor = model.computeIfAbsent(id, name -> new Actor());
        int choice = random.nextInt(100);
        if (choice < 85) {
          append(store, id, actor, random);
        } else if (choice < 97 && actor.highest > 0) {
          // The first actor keeps most of its rows, so that segments become sparse.
          long to = id.endsWith("0") ? actor.highest / 8 : actor.highest - random.nextInt(5);
          store.trim(id, to, store.estimateBytes(id, to)).join();
          actor.sizes.headMap(to, true).clear();
        } else if (choice == 99) {
          store.close();
          store = open(temp, SMALL);
        }
        if (step % 50 == 0) {
          check(store, model);
        }
      }
      check(store, model);
      store.close();
      store = open(temp, SMALL);
      check(store, model);
    } finally {
      store.close();
    }
  }

  private static void append(EmbeddedStore store, String id, Actor actor, SplittableRandom random) {
    List<EncodedRow> rows = new ArrayList<>();
    long before = actor.highest;
    for (int i = random.nextInt(3); i >= 0; i--) {
      int size = random.nextInt(10) == 0 ? random.nextInt(300_000) : random.nextInt(6_000);
      actor.highest++;
      actor.sizes.put(actor.highest, size);
      rows.add(StoreFixture.row(id, actor.highest, StoreFixture.payload(actor.highest, size)));
    }
    store.append(id, before, rows).join();
  }

  private static void check(EmbeddedStore store, Map<String, Actor> model) {
    model.forEach(
        (id, actor) -> {
          TreeMap<Long, Integer> read = new TreeMap<>();
          store.readEvents(
              id,
              1,
              Long.MAX_VALUE - 1,
              row -> {
                byte[] payload = new byte[row.payload().bytes().remaining()];
                row.payload().bytes().duplicate().get(payload);
                assertThat(payload).isEqualTo(StoreFixture.payload(row.seqNr(), payload.length));
                read.put(row.seqNr(), payload.length);
                return true;
              });
          assertThat(read).as(id).isEqualTo(actor.sizes);
          assertThat(store.highestSeqNr(id)).isEqualTo(actor.highest);
        });
  }
}
