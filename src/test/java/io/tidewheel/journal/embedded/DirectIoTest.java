package io.tidewheel.journal.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectIoTest {
  @TempDir private Path directory;

  @Test
  void leavesNothingBehindWhateverTheAnswer() throws IOException {
    boolean first = DirectIo.isPossibleIn(directory);
    assertThat(DirectIo.isPossibleIn(directory)).isEqualTo(first);
    try (var files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void saysNoWhereNothingCanBeWritten() throws IOException {
    assertThat(DirectIo.isPossibleIn(directory.resolve("absent"))).isFalse();
  }
}
