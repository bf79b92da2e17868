package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the formatter and the compiler do not look at. */
class SourceStyleTest {
  private static final int MAX_LINES = 400;
  private static final Pattern LEFT_OVER = Pattern.compile("\\b(TODO|FIXME|XXX)\\b|@author\\b");

  @Test
  void filesStaySmall() {
    assertThat(files("src/main/java").filter(file -> lines(file).size() >= MAX_LINES))
        .as("files of %d lines or more", MAX_LINES)
        .isEmpty();
  }

  @Test
  void nothingIsLeftForLater() {
    Path self = Path.of("src/test/java/io/tidewheel/SourceStyleTest.java");
    assertThat(
            Stream.of("src/main/java", "src/test/java")
                .flatMap(SourceStyleTest::files)
                .filter(file -> !file.equals(self))
                .filter(file -> lines(file).stream().anyMatch(LEFT_OVER.asPredicate())))
        .isEmpty();
  }

  private static Stream<Path> files(String directory) {
    try (Stream<Path> files = Files.walk(Path.of(directory))) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
