package io.tidewheel.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.config.EffectiveSettings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EffectiveSettingsTest {
  @Test
  void saysWhereEachValueComesFrom(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("my.conf");
    Files.writeString(file, "tidewheel {\n  topics.default-queues = 7\n}\n");
    Config config = ConfigurationFile.load(file, Map.of("tidewheel.http.port", 9_000));
    assertThat(find(config, "tidewheel.topics.default-queues"))
        .isEqualTo(
            new Setting(
                "tidewheel.topics.default-queues", "7", file.toAbsolutePath() + ":2", false));
    assertThat(find(config, "tidewheel.http.port"))
        .isEqualTo(new Setting("tidewheel.http.port", "9000", "command line", false));
    assertThat(find(config, "tidewheel.http.backlog"))
        .isEqualTo(new Setting("tidewheel.http.backlog", "1024", "default", true));
  }

  @Test
  void masksSecrets() {
    Config config =
        ConfigFactory.parseString(
            "tidewheel { auth.tokens = [\"abc\"], store { password = hidden, token-ttl = 5 } }");
    assertThat(EffectiveSettings.of(config).toString())
        .doesNotContain("abc", "hidden")
        .contains(EffectiveSettings.MASK, "5");
  }

  private static Setting find(Config config, String key) {
    return EffectiveSettings.of(config).stream()
        .filter(setting -> setting.key().equals(key))
        .findFirst()
        .orElseThrow();
  }
}
