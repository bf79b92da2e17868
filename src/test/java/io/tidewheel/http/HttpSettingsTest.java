package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpSettingsTest {
  private static final Config DEFAULTS =
      ConfigFactory.parseString(
          """
          host = "127.0.0.1"
          port = 8080
          allowed-hosts = []
          allowed-origins = []
          max-connections = 8192
          backlog = 1024
          pipelining-limit = 16
          body-timeout = 30s
          request-timeout = 70s
          idle-timeout = 80s
          max-body-bytes-in-flight = 64 MiB
          """);

  @ParameterizedTest
  @CsvSource({
    "host, ' '",
    "port, -1",
    "port, 65536",
    "max-connections, 0",
    "backlog, 0",
    "pipelining-limit, 1",
    "body-timeout, 500ms",
    "body-timeout, 70s",
    "request-timeout, 60s",
    "idle-timeout, 70s",
    "max-body-bytes-in-flight, 1 MiB",
  })
  void namesTheKeyOfAValueOutOfRange(String key, String value) {
    Config changed = ConfigFactory.parseString(key + " = \"" + value + '"').withFallback(DEFAULTS);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> settings(changed))
        .withMessageContaining("tidewheel.http." + key + " = ")
        .withMessageContaining("expected");
  }

  @Test
  void takesLiteralAddressesWhenItListensEverywhere() {
    HttpSettings everywhere =
        settings(ConfigFactory.parseString("host = \"0.0.0.0\"").withFallback(DEFAULTS));
    HostCheck check = new HostCheck(everywhere);
    assertThat(check.check(List.of("192.168.1.7:8080"), List.of())).isNull();
    assertThat(check.check(List.of("[fe80::1]:8080"), List.of())).isNull();
    assertThat(check.check(List.of("broker.example"), List.of())).isNotNull();
    assertThat(check.check(List.of(), List.of())).isNotNull();
    assertThat(check.check(List.of("localhost", "localhost"), List.of())).isNotNull();
    assertThat(new HostCheck(HttpSettings.defaults()).check(List.of("192.168.1.7"), List.of()))
        .isNotNull();
  }

  private static HttpSettings settings(Config http) {
    return new HttpSettings(
        http.getString("host"),
        http.getInt("port"),
        http.getStringList("allowed-hosts"),
        http.getStringList("allowed-origins"),
        http.getInt("max-connections"),
        http.getInt("backlog"),
        http.getInt("pipelining-limit"),
        http.getDuration("body-timeout"),
        http.getDuration("request-timeout"),
        http.getDuration("idle-timeout"),
        http.getBytes("max-body-bytes-in-flight"),
        true,
        false);
  }
}
