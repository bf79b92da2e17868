package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.config.ClusterSettings;
import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.config.TidewheelSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The image and the composition are made of what is there, and name settings that there are. */
class DockerFilesTest {
  private static final Path DOCKER = Path.of("docker");
  private static final Pattern INSTRUCTION = Pattern.compile("^([A-Z]+) (.*)$");
  private static final Pattern MOUNT = Pattern.compile("\"(\\.\\.?/[^:\"]+):([^:\"]+):ro\"");
  private static final Pattern HOST = Pattern.compile("^    hostname: (\\S+)$");
  private static final Pattern YAML_KEY = Pattern.compile("^([a-z_]+):\\s*(.*)$");

  @Test
  void theImageCopiesWhatIsThereAndRunsAsNobodyInParticular() throws IOException {
    List<String> last = new ArrayList<>();
    for (String[] instruction : instructions()) {
      String argument = instruction[1];
      switch (instruction[0]) {
        case "FROM" -> last.clear();
        case "COPY" -> {
          String[] words = argument.split(" ", -1);
          for (int i = 0; i < words.length - 1 && !words[0].startsWith("--from"); i++) {
            assertThat(Path.of(words[i])).exists();
          }
        }
        case "RUN", "ENTRYPOINT", "CMD" -> assertThat(argument).as("exec form").startsWith("[\"");
        case "HEALTHCHECK" ->
            assertThat(argument).contains("CMD [\"/opt/tidewheel/bin/tidewheel\", \"health\"");
        default -> assertThat(instruction[0]).isNotEmpty();
      }
      last.add(instruction[0] + ' ' + argument);
    }
    assertThat(last).contains("USER 10001:10001").contains("VOLUME [\"/var/lib/tidewheel\"]");
    assertThat(last.get(last.size() - 2))
        .isEqualTo("ENTRYPOINT [\"/opt/tidewheel/bin/tidewheel\"]");
    assertThat(last.get(last.size() - 1))
        .isEqualTo("CMD [\"start\", \"--config\", \"/opt/tidewheel/conf/docker/single.conf\"]");
  }

  @Test
  void oneContainerServesAtThePortThatIsExposed(@TempDir Path temp) throws IOException {
    TidewheelSettings settings = settings(temp, "single.conf");
    assertThat(settings.store()).isEqualTo(TidewheelSettings.Store.EMBEDDED);
    assertThat(settings.cluster().isOneOfSeveral()).isFalse();
    assertThat(settings.node().dataDirectory()).startsWithRaw(Path.of("/var/lib/tidewheel"));
    assertThat(instructions())
        .anyMatch(
            one ->
                one[0].equals("EXPOSE")
                    && one[1].equals(
                        settings.http().port()
                            + " "
                            + settings.cluster().port()
                            + " "
                            + settings.cluster().discoveryPort()));
  }

  @Test
  void threeContainersAreACluster(@TempDir Path temp) throws IOException {
    TidewheelSettings settings = settings(temp, "cluster.conf");
    ClusterWiring.check(settings);
    String compose = Files.readString(DOCKER.resolve("compose.yaml"));
    List<String> hosts = compose.lines().flatMap(line -> all(HOST, line)).toList();
    assertThat(settings.cluster().host()).isEqualTo("broker-2");
    assertThat(settings.cluster().brokers()).isEqualTo(3);
    assertThat(settings.cluster().discovery()).isEqualTo(ClusterSettings.Discovery.CONFIG);
    assertThat(settings.cluster().discoveryEndpoints())
        .isEqualTo(
            hosts.stream()
                .filter(host -> host.startsWith("broker-"))
                .map(host -> host + ':' + settings.cluster().discoveryPort())
                .toList());
    assertThat(settings.cassandra().contactPoints())
        .isEqualTo(
            hosts.stream()
                .filter(host -> host.startsWith("cassandra-"))
                .map(host -> host + ":9042")
                .toList());
    assertThat(compose).contains("read_only: true").contains("restart: always");
    assertThat(compose).contains("stop_grace_period: 30s");
    assertThat(settings.node().stopTimeout().toSeconds()).isLessThan(29);
    assertThat(compose).contains("\"/opt/tidewheel/conf/docker/cluster.conf\"");
    Matcher mount = MOUNT.matcher(compose);
    int count = 0;
    for (; mount.find(); count++) {
      assertThat(DOCKER.resolve(mount.group(1)).normalize()).exists();
      // Where Grafana looks by itself nobody has to say.
      assertThat(mount.group(2).contains("/provisioning/") || isNamed(mount.group(2), compose))
          .as(mount.group(2))
          .isTrue();
    }
    assertThat(count).isEqualTo(9);
  }

  /** A second time beside the mount, or in the configuration that is mounted with it. */
  private static boolean isNamed(String path, String compose) throws IOException {
    return compose.split(Pattern.quote(path), -1).length > 2
        || Files.readString(DOCKER.resolve("prometheus.yml")).contains(path);
  }

  @Test
  void prometheusAsksEveryBrokerAndGrafanaAsksPrometheus() throws IOException {
    String compose = Files.readString(DOCKER.resolve("compose.yaml"));
    String asked = Files.readString(DOCKER.resolve("prometheus.yml"));
    List<String> brokers =
        compose.lines().flatMap(line -> all(HOST, line)).filter(h -> h.startsWith("b")).toList();
    assertThat(brokers).hasSize(3).allMatch(host -> asked.contains('"' + host + ":8080\""));
    assertThat(Files.readString(DOCKER.resolve("grafana/datasources.yml")))
        .contains("url: http://prometheus:9090");
    assertThat(Files.readString(DOCKER.resolve("grafana/dashboards.yml")))
        .contains("path: /etc/grafana/dashboards");
    assertThat(compose).contains("tidewheel.json:/etc/grafana/dashboards/tidewheel.json:ro");
  }

  /** Brokers refuse a Cassandra that answers before it has flushed. */
  @Test
  void cassandraIsSetUpAsTheOneThatTestsUse() throws IOException {
    Map<String, String> tested = yaml(Path.of("conf/cassandra/cassandra.yaml"));
    Map<String, String> own = yaml(DOCKER.resolve("cassandra.yaml"));
    assertThat(own.keySet().stream().filter(key -> !key.endsWith("_directory")))
        .allMatch(key -> tested.containsKey(key) || key.equals("data_file_directories"));
    for (String key : List.of("cluster_name", "commitlog_sync", "commitlog_segment_size")) {
      assertThat(own).containsEntry(key, tested.get(key));
    }
  }

  /** As the image has it: beside the files of the distribution. */
  private static TidewheelSettings settings(Path temp, String file) throws IOException {
    Path conf = Files.createDirectories(temp.resolve("conf"));
    Path docker = Files.createDirectories(conf.resolve("docker"));
    for (String shipped : List.of("tidewheel.conf", "cluster.conf")) {
      Files.copy(Path.of("conf", shipped), conf.resolve(shipped));
    }
    Files.copy(DOCKER.resolve(file), docker.resolve(file));
    return TidewheelSettings.from(
        ConfigurationFile.load(docker.resolve(file), Map.of("HOSTNAME", "broker-2")));
  }

  private static List<String[]> instructions() throws IOException {
    String joined = Files.readString(DOCKER.resolve("Dockerfile")).replaceAll("\\\\\n\\s*", "");
    return joined
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(
            line -> {
              Matcher matcher = INSTRUCTION.matcher(line);
              assertThat(matcher.matches()).as(line).isTrue();
              return new String[] {matcher.group(1), matcher.group(2)};
            })
        .toList();
  }

  private static Map<String, String> yaml(Path file) throws IOException {
    Map<String, String> values = new HashMap<>();
    for (String line : Files.readAllLines(file)) {
      Matcher matcher = YAML_KEY.matcher(line);
      if (matcher.matches()) {
        values.put(matcher.group(1), matcher.group(2));
      }
    }
    return values;
  }

  private static Stream<String> all(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.find() ? Stream.of(matcher.group(1)) : Stream.empty();
  }
}
