package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.config.TidewheelSettings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HostCheckTest {
  @Test
  void takesLiteralAddressesOnlyWhenItListensEverywhere() {
    HostCheck check = new HostCheck(ServedBroker.settings(Map.of()));
    assertThat(check.check(List.of("192.168.1.7"), List.of())).isNotNull();
    HostCheck everywhere =
        new HostCheck(
            TidewheelSettings.from(
                    ConfigurationFile.load(
                        null,
                        Map.of("tidewheel.http.host", "0.0.0.0", "tidewheel.auth.mode", "none")))
                .http());
    assertThat(everywhere.check(List.of("192.168.1.7:8080"), List.of())).isNull();
    assertThat(everywhere.check(List.of("[fe80::1]:8080"), List.of())).isNull();
    assertThat(everywhere.check(List.of("broker.example"), List.of())).isNotNull();
    assertThat(everywhere.check(List.of(), List.of())).isNotNull();
    assertThat(everywhere.check(List.of("localhost", "localhost"), List.of())).isNotNull();
  }
}
