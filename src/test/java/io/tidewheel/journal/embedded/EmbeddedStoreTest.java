package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.append;
import static io.tidewheel.journal.embedded.StoreFixture.numbers;
import static io.tidewheel.journal.embedded.StoreFixture.open;
import static io.tidewheel.journal.embedded.StoreFixture.payload;
import static io.tidewheel.journal.embedded.StoreFixture.row;
import static io.tidewheel.journal.embedded.StoreFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigException;
import io.tidewheel.journal.embedded.StoreException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedStoreTest {
  @TempDir Path temp;

  @Test
  void keepsANamedValue() {
    try (EmbeddedStore store = open(temp)) {
      assertThat(store.readOrCreate("key", () -> text("first"))).isEqualTo(text("first"));
      assertThat(store.readOrCreate("key", () -> text("second"))).isEqualTo(text("first"));
      assertThat(store.readOrCreate("other", () -> text("third"))).isEqualTo(text("third"));
    }
    try (EmbeddedStore store = open(temp)) {
      assertThat(store.readOrCreate("key", () -> text("fourth"))).isEqualTo(text("first"));
      assertThatThrownBy(() -> store.readOrCreate("", () -> text("x")))
          .isInstanceOf(StoreException.class);
    }
  }

  @Test
  void refusesANumberThatIsNotTheNext() {
    try (EmbeddedStore store = open(temp)) {
      append(store, "a", 1, 3, 10);
      for (long seqNr : new long[] {1, 3, 5, 100}) {
        assertKind(
            store.append("a", seqNr - 1, List.of(row("a", seqNr, payload(9, 10)))), Kind.CONFLICT);
      }
      append(store, "a", 4, 4, 10);
      assertThat(numbers(store, "a")).containsExactly(1L, 2L, 3L, 4L);
    }
  }

  @Test
  void refusesNumbersAfterARestartAndWithAFullCache() {
    try (EmbeddedStore store = open(temp, "cached-actors = 1")) {
      for (int i = 0; i < 20; i++) {
        append(store, "a-" + i, 1, 2, 10);
      }
      for (int i = 0; i < 20; i++) {
        String actor = "a-" + i;
        assertKind(store.append(actor, 1, List.of(row(actor, 2, payload(1, 1)))), Kind.CONFLICT);
        append(store, actor, 3, 3, 10);
      }
    }
    try (EmbeddedStore store = open(temp)) {
      assertKind(store.append("a-1", 2, List.of(row("a-1", 3, payload(1, 1)))), Kind.CONFLICT);
      append(store, "a-1", 4, 4, 10);
    }
  }

  @Test
  void keepsOneActorsOrderWhenOneWriteIsRefused() {
    try (EmbeddedStore store = open(temp)) {
      append(store, "a", 1, 1, 10);
      CompletableFuture<?> wrong = store.append("a", 2, List.of(row("a", 3, payload(3, 10))));
      CompletableFuture<?> right = store.append("a", 1, List.of(row("a", 2, payload(2, 10))));
      CompletableFuture<?> next = store.append("a", 2, List.of(row("a", 3, payload(3, 10))));
      assertKind(wrong, Kind.CONFLICT);
      right.join();
      next.join();
      assertThat(numbers(store, "a")).containsExactly(1L, 2L, 3L);
    }
  }

  @Test
  void refusesAtOnceOverItsBoundAndStoresNothingOfThat() {
    try (EmbeddedStore store =
        open(temp, "max-pending-size = 1 MiB, max-row-size = 1 MiB, max-drain-size = 64 KiB")) {
      List<CompletableFuture<?>> writes = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        String actor = "a-" + i;
        writes.add(store.append(actor, 0, List.of(row(actor, 1, payload(i, 100_000)))));
      }
      int refused = 0;
      for (int i = 0; i < writes.size(); i++) {
        if (failure(writes.get(i)) == null) {
          assertThat(numbers(store, "a-" + i)).containsExactly(1L);
        } else {
          assertKind(writes.get(i), Kind.OVERLOADED);
          assertThat(numbers(store, "a-" + i)).isEmpty();
          refused++;
        }
      }
      assertThat(refused).isPositive();
      store.barrier().join();
      assertThat(store.stats().pendingBytes()).isZero();
      append(store, "after", 1, 1, 100_000);
    }
  }

  @Test
  void finishesWhatWaitsWhenClosedAndRefusesWhatComesLater() {
    EmbeddedStore store = open(temp);
    List<CompletableFuture<?>> writes = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String actor = "a-" + i;
      writes.add(store.append(actor, 0, List.of(row(actor, 1, payload(i, 1_000)))));
    }
    store.close();
    writes.forEach(CompletableFuture::join);
    assertKind(store.append("a-1", 1, List.of(row("a-1", 2, payload(2, 10)))), Kind.CLOSED);
    assertThatThrownBy(() -> numbers(store, "a-1")).isInstanceOf(StoreException.class);
    store.close();
    try (EmbeddedStore again = open(temp)) {
      for (int i = 0; i < 100; i++) {
        assertThat(numbers(again, "a-" + i)).containsExactly(1L);
      }
    }
  }

  @Test
  void putsWaitingWritesIntoOneFlush() {
    try (EmbeddedStore store = open(temp)) {
      append(store, "first", 1, 1, 10);
      long before = store.stats().flushCount();
      List<CompletableFuture<?>> writes = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        String actor = "a-" + i;
        writes.add(store.append(actor, 0, List.of(row(actor, 1, payload(i, 100)))));
      }
      writes.forEach(CompletableFuture::join);
      assertThat(store.stats().flushCount() - before).isLessThan(500);
    }
  }

  @Test
  void namesTheSettingThatIsWrong() {
    assertThatThrownBy(() -> StoreFixture.settings("memtable-size = 3"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tidewheel.journal.embedded.memtable-size")
        .hasMessageContaining("'3'");
    assertThatThrownBy(() -> StoreFixture.settings("recovery = maybe"))
        .hasMessageContaining("strict or accept-loss");
    assertThatThrownBy(() -> StoreFixture.settings("max-pending-size = 2 MiB"))
        .hasMessageContaining("at least max-row-size");
  }

  private static void assertKind(CompletableFuture<?> write, Kind kind) {
    assertThat(failure(write))
        .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  private static Throwable failure(CompletableFuture<?> write) {
    try {
      write.join();
      return null;
    } catch (CompletionException e) {
      return e.getCause();
    }
  }
}
