package io.tidewheel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.config.TidewheelSettings.Auth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TidewheelSettingsTest {
  private static final long HEAP = 1L << 30;

  @Test
  void hasADefaultForEverything() {
    TidewheelSettings settings = read("");
    assertThat(settings.node().dataDirectory()).isEqualTo(Path.of("tidewheel-data"));
    assertThat(settings.http().host()).isEqualTo("127.0.0.1");
    assertThat(settings.http().port()).isEqualTo(8080);
    assertThat(settings.http().allowedHosts()).isEmpty();
    assertThat(settings.http().idleTimeout()).isEqualTo(Duration.ofSeconds(80));
    assertThat(settings.topics().isAutoCreated()).isTrue();
    assertThat(settings.budgets().sum()).isEqualTo(96L << 20);
    assertThat(settings.auth().mode()).isEqualTo(Auth.Mode.LOOPBACK_ONLY);
  }

  @Test
  void takesWhatIsWritten() {
    TidewheelSettings settings =
        read(
            """
            tidewheel { http { port = 0, allowed-hosts = [Broker.example.com] }
              topics.auto-create = off, budgets.tail-cache = 5 MiB, node.stop-timeout = 1500ms }""");
    assertThat(settings.http().port()).isZero();
    assertThat(settings.http().allowedHosts()).containsExactly("broker.example.com");
    assertThat(settings.topics().isAutoCreated()).isFalse();
    assertThat(settings.budgets().tailCache()).isEqualTo(5 << 20);
    assertThat(settings.node().stopTimeout()).isEqualTo(Duration.ofMillis(1500));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http.port = 70000 | tidewheel.http.port = 70000 | a whole number from 0 to 65535",
        "http.port = 80.5 | tidewheel.http.port = 80.5 | a whole number from 0 to 65535",
        "http.port = web | tidewheel.http.port = \"web\" | a whole number",
        "http.port = { a = 1 } | Unknown key tidewheel.http.port.a |",
        "http = 8080 | tidewheel.http = 8080 | a section",
        "http.host = \" \" | tidewheel.http.host | text that is not empty",
        "http.port = null | tidewheel.http.port has no value | a whole number",
        "http.allowed-hosts = one | tidewheel.http.allowed-hosts = \"one\" | a list of texts",
        "http.idle-timeout = 75 | tidewheel.http.idle-timeout = 75 | a duration such as",
        "http.request-timeout = 60s | tidewheel.http.request-timeout = \"60s\" | from 61s to 1h",
        "http.body-timeout = 70s | tidewheel.http.body-timeout = \"70s\" | from 1s to 69s",
        "http.idle-timeout = 10s | tidewheel.http.idle-timeout = \"10s\" | from 71s to 2h",
        "topics.auto-create = maybe | tidewheel.topics.auto-create = \"maybe\" | true or false",
        "budgets.windows = 4096 | tidewheel.budgets.windows = 4096 | a size with its unit",
        "budgets.windows = 1MiB | tidewheel.budgets.windows = \"1MiB\" | from 16MiB to 1TiB",
        "auth.mode = tokens | tidewheel.auth.mode = \"tokens\" | one of loopback-only, none",
      })
  void namesKeyValueAndWhatWasExpected(String written, String found, String expected) {
    assertThatThrownBy(() -> read("tidewheel { " + written + " }"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(found)
        .hasMessageContaining(expected == null ? "" : expected);
  }

  @ParameterizedTest
  @CsvSource({
    "http.prot = 1, tidewheel.http.prot, tidewheel.http.port",
    "htp.port = 1, tidewheel.htp, tidewheel.http",
    "budgets.windwos = 32MiB, tidewheel.budgets.windwos, tidewheel.budgets.windows",
    "port = 3, tidewheel.port, tidewheel.http.port",
  })
  void refusesUnknownKeysAndSuggestsTheNearest(String written, String key, String nearest) {
    assertThatThrownBy(() -> read("tidewheel { " + written + " }"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Unknown key " + key + " ")
        .hasMessageContaining("Did you mean " + nearest + "?");
  }

  @Test
  void suggestsNothingWhenNothingIsNear() {
    assertThatThrownBy(() -> read("tidewheel.something-else-altogether = 1"))
        .hasMessageContaining("Unknown key tidewheel.something-else-altogether")
        .hasMessageEndingWith(").");
  }

  @Test
  void leavesSystemPropertiesOfScriptsAlone() {
    Config scripts = ConfigFactory.parseMap(Map.of("tidewheel.home", "/opt"), "system properties");
    Config config = scripts.withFallback(ConfigurationFile.defaults());
    assertThat(TidewheelSettings.from(config, HEAP).http().port()).isEqualTo(8080);
  }

  @Test
  void refusesBudgetsThatDoNotFitTheHeap() {
    assertThatThrownBy(() -> TidewheelSettings.from(config(""), 200L << 20))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("tidewheel.budgets")
        .hasMessageContaining("are 128MiB together")
        .hasMessageContaining("100MiB now");
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0", "192.0.2.1", "'::'"})
  void refusesAnOpenAddressWithoutAuthentication(String host) {
    assertThatThrownBy(() -> read("tidewheel.http.host = \"" + host + "\""))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("tidewheel.http.host")
        .hasMessageContaining("tidewheel.auth.mode = none");
    assertThat(read("tidewheel { auth.mode = none, http.host = \"" + host + "\" }").http().host())
        .isEqualTo(host);
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1", "127.1.2.3", "localhost", "'::1'"})
  void takesEveryLoopbackAddress(String host) {
    assertThat(read("tidewheel.http.host = \"" + host + "\"").http().host()).isEqualTo(host);
  }

  @Test
  void namesFileAndLine(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("my.conf");
    Files.writeString(file, "tidewheel {\n  http.port = 99999\n}\n");
    assertThatThrownBy(() -> TidewheelSettings.from(ConfigurationFile.load(file, Map.of()), HEAP))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("my.conf: 2")
        .hasMessageContaining("tidewheel.http.port = 99999");
  }

  @Test
  void optionsWinOverTheFile(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("my.conf");
    Files.writeString(file, "tidewheel { http.port = 1, node.data-directory = here }");
    Config config = ConfigurationFile.load(file, Map.of("tidewheel.http.port", 2));
    TidewheelSettings settings = TidewheelSettings.from(config, HEAP);
    assertThat(settings.http().port()).isEqualTo(2);
    assertThat(settings.node().dataDirectory()).isEqualTo(Path.of("here"));
  }

  @Test
  void refusesAFileThatIsNotThereOrNotHocon(@TempDir Path directory) throws IOException {
    assertThatThrownBy(() -> ConfigurationFile.load(directory.resolve("none.conf"), Map.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("none.conf is not there");
    Path broken = directory.resolve("broken.conf");
    Files.writeString(broken, "tidewheel {\n  http {\n");
    assertThatThrownBy(() -> ConfigurationFile.load(broken, Map.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("broken.conf: 3");
    Path unresolved = directory.resolve("unresolved.conf");
    Files.writeString(unresolved, "tidewheel.http.host = ${nowhere}");
    assertThatThrownBy(() -> ConfigurationFile.load(unresolved, Map.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("unresolved.conf: 1")
        .hasMessageContaining("nowhere");
  }

  /** The file people edit must hold what the defaults say. */
  @Test
  void theCommentedFileShowsTheDefaults() throws IOException {
    String uncommented =
        Files.readString(Path.of("conf/tidewheel.conf"))
            .replaceAll("(?m)^  # ([a-z.-]+ = )", "  $1")
            .replaceAll("(?m)^  http.allowed-(hosts|origins) = .*", "");
    assertThat(read(uncommented)).isEqualTo(read(""));
    assertThat(read(Files.readString(Path.of("conf/tidewheel.conf")))).isEqualTo(read(""));
  }

  private static TidewheelSettings read(String written) {
    return TidewheelSettings.from(config(written), HEAP);
  }

  private static Config config(String written) {
    return ConfigFactory.parseString(written).withFallback(ConfigurationFile.defaults()).resolve();
  }
}
