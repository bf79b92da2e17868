package io.tidewheel.journal.embedded;

import static io.tidewheel.journal.embedded.StoreFixture.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidewheel.journal.embedded.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir Path temp;

  /** Another process that holds a data directory until its input ends. */
  public static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws IOException {
      try (DirectoryLock lock = DirectoryLock.acquire(Path.of(args[0]))) {
        System.out.println("locked " + (lock != null));
        int end = System.in.read();
        System.out.println("ended " + end);
      }
    }
  }

  @Test
  void makesADirectoryAndKnowsItAgain() throws IOException {
    Path data = temp.resolve("a/b/data");
    open(data).close();
    List<String> identity = Files.readAllLines(data.resolve(DataDirectory.IDENTITY_FILE));
    assertThat(identity).hasSize(3).contains("format=2");
    open(data).close();
    assertThat(Files.readAllLines(data.resolve(DataDirectory.IDENTITY_FILE))).isEqualTo(identity);
  }

  @Test
  void refusesADirectoryWithOtherThingsInIt() throws IOException {
    Files.writeString(temp.resolve("holiday.jpg"), "x");
    assertRefused(temp, Kind.FOREIGN, "is not a Tidewheel data directory: it holds 'holiday.jpg'");
    try (var files = Files.list(temp)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void refusesAnIdentityWithoutAFormat() throws IOException {
    Files.writeString(temp.resolve(DataDirectory.IDENTITY_FILE), "nothing");
    assertRefused(temp, Kind.FOREIGN, "names no format");
  }

  @Test
  void refusesAFormatThatNoReleaseHasWritten() throws IOException {
    open(temp.resolve("data")).close();
    Files.writeString(temp.resolve("data").resolve(DataDirectory.IDENTITY_FILE), "format=1\n");
    assertRefused(temp.resolve("data"), Kind.FOREIGN, "has format 1, which no release has written");
  }

  @Test
  void refusesALaterFormat() throws IOException {
    open(temp.resolve("data")).close();
    Files.writeString(temp.resolve("data").resolve(DataDirectory.IDENTITY_FILE), "format=3\n");
    assertRefused(
        temp.resolve("data"), Kind.NEWER_FORMAT, "has format 3, this release reads up to");
  }

  @Test
  void refusesAFileInPlaceOfADirectory() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "x");
    assertRefused(file, Kind.IO, "cannot be used");
  }

  @Test
  void refusesADirectoryThisProcessHasOpen() throws IOException {
    Path data = temp.resolve("data");
    Path link = temp.resolve("link");
    try (EmbeddedStore store = open(data)) {
      Files.createSymbolicLink(link, store.directory());
      assertRefused(data, Kind.LOCKED, "is already open in this process");
      assertRefused(link, Kind.LOCKED, "is already open in this process");
    }
    open(link).close();
  }

  @Test
  void refusesADirectoryAnotherProcessHolds() throws Exception {
    Path data = temp.resolve("data");
    open(data).close();
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                data.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var output = holder.inputReader()) {
      assertThat(output.readLine()).isEqualTo("locked true");
      assertRefused(data, Kind.LOCKED, "in use by another process (process " + holder.pid() + ")");
    } finally {
      holder.destroyForcibly();
    }
    assertThat(holder.waitFor(20, TimeUnit.SECONDS)).isTrue();
    open(data).close();
  }

  @Test
  void finishesACreationThatWasInterrupted() throws IOException {
    Files.writeString(temp.resolve(DirectoryLock.FILE), "1");
    Files.writeString(temp.resolve(CommitMark.FILE), "");
    open(temp).close();
    open(temp).close();
  }

  private static void assertRefused(Path directory, Kind kind, String message) {
    assertThatThrownBy(() -> open(directory).close())
        .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(message);
  }
}
