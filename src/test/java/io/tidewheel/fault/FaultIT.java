package io.tidewheel.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The row {@code kill} of {@code bin/fault-test}, as short as it goes. Brokers that have just
 * started on a machine that does nothing else miss shares and times; those are only printed.
 */
@Timeout(480)
class FaultIT {
  @Test
  void aClusterLosesNothingWhenABrokerIsKilled(@TempDir Path temp)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("--directory", temp.resolve("fault").toString()));
    line.addAll(List.of("--row", "kill", "--rate", "40", "--warm", "10s", "--duration", "20s"));
    FaultOptions options = FaultOptions.parse(line, System.nanoTime() & 0xffff_ffffL);
    List<RowResult> results = new FaultTest(options, System.out).run();
    assertThat(results).hasSize(1).noneMatch(RowResult::isUnsafe);
  }
}
