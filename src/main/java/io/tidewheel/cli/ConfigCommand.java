package io.tidewheel.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import io.tidewheel.config.ConfigurationFile;
import io.tidewheel.config.EffectiveSettings;
import io.tidewheel.config.TidewheelSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "config",
    description = "Shows the configuration a broker would start with.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Example:", "  tidewheel config print --changed"})
final class ConfigCommand {
  @Command(
      name = "print",
      description = {
        "Prints the value of every key, and where it comes from: the command line, a system",
        "property, the environment, a line of a file, or the default. Secrets are not shown.",
        "Wrong keys and values are refused as at a start, with exit code 2."
      },
      footer = {
        "",
        "Examples:",
        "  tidewheel config print",
        "  tidewheel config print --config my.conf --changed",
        "  tidewheel config print -o json"
      })
  static final class Print implements Callable<Integer> {
    private final Terminal terminal;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "Settings; conf/tidewheel.conf of this installation if none is given.")
    private @Nullable Path file;

    @Option(names = "--changed", description = "Only what is not a default.")
    private boolean isChangedOnly;

    @Mixin private final OutputOption output = new OutputOption();

    Print(Terminal terminal) {
      this.terminal = terminal;
    }

    @Override
    public Integer call() {
      Config config = ConfigurationFile.load(StartCommand.orInstalled(file), Map.of());
      TidewheelSettings.from(config);
      ArrayNode list = Json.MAPPER.createArrayNode();
      Table table = new Table("KEY", "VALUE", "FROM");
      for (EffectiveSettings.Setting setting : EffectiveSettings.of(config)) {
        if (isChangedOnly && setting.isDefault()) {
          continue;
        }
        ObjectNode node = list.addObject();
        node.put("key", setting.key()).put("value", setting.value());
        node.put("from", setting.source()).put("default", setting.isDefault());
        table.add(setting.key(), setting.value(), setting.source());
      }
      terminal.print(output.isJson() ? Json.pretty(list) : table.render());
      return ExitCodes.OK;
    }
  }
}
