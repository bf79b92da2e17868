package io.tidewheel.cli;

import picocli.CommandLine.Option;

/** How a command prints its result. */
final class OutputOption {
  /** Lower case, because that is how they are written on the command line. */
  private enum Output {
    table,
    json
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
  private Output output = Output.table;

  boolean isJson() {
    return output == Output.json;
  }
}
