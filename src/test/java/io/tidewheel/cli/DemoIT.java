package io.tidewheel.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo as a process of its own. */
class DemoIT {
  private static final Pattern ADDRESS = Pattern.compile("http://127\\.0\\.0\\.1:[0-9]+/");

  @TempDir private Path directory;

  @Test
  @Timeout(120)
  void endsByItselfAndLeavesNothingBehind() throws Exception {
    Process demo = start("10s");
    assertThat(demo.waitFor(100, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(directory.resolve("out"));
    assertThat(demo.exitValue()).as(said).isZero();
    assertThat(said.lines().findFirst().orElse("")).containsPattern(ADDRESS);
    assertThat(said).contains("The card service is down").contains("nothing is left of it");
    assertNothingLeft();
  }

  @Test
  @Timeout(120)
  void showsItsPageAndEndsWithCtrlC() throws Exception {
    Process demo = start("10m");
    try {
      Matcher address = ADDRESS.matcher("");
      while (!address.find()) {
        assertThat(demo.isAlive()).isTrue();
        LockSupport.parkNanos(20_000_000);
        address.reset(Files.readString(directory.resolve("out")));
      }
      String page =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(address.group())).build(),
                  HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
              .body();
      assertThat(page).contains("<title>Tidewheel</title>");
      demo.destroy();
      assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertNothingLeft();
    } finally {
      demo.destroyForcibly();
    }
  }

  private Process start(String time) throws IOException {
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            "io.tidewheel.cli.Main",
            "demo",
            "--for",
            time)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("out").toFile())
        .start();
  }

  /** Native libraries unpack themselves there; only what the demo made is its own. */
  private void assertNothingLeft() throws IOException {
    try (Stream<Path> left = Files.list(directory.resolve("tmp"))) {
      List<String> ofDemo =
          left.map(path -> path.getFileName().toString())
              .filter(name -> name.startsWith("tidewheel-demo-"))
              .toList();
      assertThat(ofDemo).isEmpty();
    }
  }
}
