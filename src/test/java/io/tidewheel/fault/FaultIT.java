package io.tidewheel.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The short set of faults, on a real cluster; {@code bin/fault-test} has the others. Only with
 * {@code bin/test --long}: until its rows hold on a slow machine, too (docs/guarantees.md).
 */
@EnabledIfSystemProperty(named = "tidewheel.long", matches = "true")
class FaultIT {
  private static final FaultOptions SHORT =
      new FaultOptions(
          List.of(Row.NONE, Row.KILL, Row.TERM),
          1,
          Duration.ofSeconds(25),
          300,
          Path.of("target/fault-it"),
          null,
          false);

  @Test
  @Timeout(value = 300, unit = TimeUnit.SECONDS)
  void keepsItsPromisesThroughTheShortSet() throws IOException, InterruptedException {
    List<RowResult> results = new FaultTest(SHORT, System.out).run();
    List<String> violations = new ArrayList<>();
    results.forEach(result -> violations.addAll(result.violations()));
    assertThat(violations).isEmpty();
    assertThat(results).hasSize(3);
  }
}
