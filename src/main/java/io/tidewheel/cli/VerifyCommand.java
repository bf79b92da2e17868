package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.tidewheel.journal.LogAudit;
import io.tidewheel.journal.embedded.EmbeddedStoreSettings;
import io.tidewheel.journal.embedded.StoreCheck;
import io.tidewheel.journal.embedded.StoreException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = {
      "Checks a data directory that no broker uses, and repairs nothing.",
      "Every block of the log, every table of the index, every row and snapshot by its checksum,",
      "gaps in their numbers, the chain of owners, offsets, counts and checksums of the messages.",
      "What a start would replay is replayed. Exit code 1 if something is wrong."
    },
    footer = {
      "",
      "Examples:",
      "  tidewheel verify data",
      "  tidewheel verify /var/lib/tidewheel -o json"
    })
final class VerifyCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(index = "0", paramLabel = "DIRECTORY", description = "The data directory.")
  private Path directory = Path.of("data");

  @Mixin private final OutputOption output = new OutputOption();

  VerifyCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (!StoreCheck.isDataDirectory(directory)) {
      throw new CommandFailure(
          ExitCodes.USAGE, directory + " is not a Tidewheel data directory: nothing to verify");
    }
    Config config = ConfigFactory.defaultReference();
    EmbeddedStoreSettings settings =
        EmbeddedStoreSettings.from(config.getConfig("tidewheel.journal.embedded"));
    LogAudit audit = LogAudit.of(config.getStringList("tidewheel.journal.codecs"));
    try (StoreCheck store = StoreCheck.open(directory, settings)) {
      Verification verification = new Verification(terminal, store, audit);
      verification.run();
      return report(
          verification.findings(),
          verification.findingCount(),
          verification.counts(),
          verification.summary());
    } catch (StoreException e) {
      return switch (e.kind()) {
        case CORRUPT, LOST_WRITES ->
            report(
                List.of(String.valueOf(e.getMessage())),
                1,
                Map.of(),
                "not read: a start would refuse the directory");
        default -> throw new CommandFailure(ExitCodes.FAILED, String.valueOf(e.getMessage()), e);
      };
    }
  }

  private int report(
      List<String> findings, long findingCount, Map<String, Long> counts, String summary) {
    if (output.isJson()) {
      ObjectNode json = Json.MAPPER.createObjectNode();
      json.put("directory", directory.toString()).put("ok", findingCount == 0);
      counts.forEach(json::put);
      json.put("findingCount", findingCount);
      findings.forEach(json.putArray("findings")::add);
      terminal.print(Json.pretty(json));
    } else {
      findings.forEach(terminal::print);
      if (findings.size() < findingCount) {
        terminal.print("and " + (findingCount - findings.size()) + " more");
      }
      terminal.print((findingCount == 0 ? "ok: " : findingCount + " findings: ") + summary);
    }
    return findingCount == 0 ? ExitCodes.OK : ExitCodes.FAILED;
  }
}
