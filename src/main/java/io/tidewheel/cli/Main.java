package io.tidewheel.cli;

import com.typesafe.config.Config;
import io.tidewheel.TidewheelNode;
import io.tidewheel.config.ConfigurationException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The program {@code tidewheel}. */
@Command(
    name = "tidewheel",
    versionProvider = Main.Versions.class,
    description = "A message broker that stores before it answers and lets workers pull.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration, 3 no broker answers,",
      "4 a bound was missed.",
      "",
      "Examples:",
      "  tidewheel start",
      "  echo hello | tidewheel publish greetings",
      "  tidewheel consume greetings",
      "  tidewheel publish --help"
    })
public final class Main {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = CommandLine.ScopeType.INHERIT,
      description = "Shows this text.")
  @SuppressWarnings("UnusedVariable") // Picocli looks at it.
  private boolean isHelpWanted;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Shows the versions of Tidewheel and of Java.")
  @SuppressWarnings("UnusedVariable") // Picocli looks at it.
  private boolean isVersionWanted;

  private Main() {}

  public static void main(String[] arguments) {
    Terminal terminal = Terminal.system();
    int exitCode = run(terminal, Main::startNode, arguments);
    terminal.out().flush();
    System.exit(exitCode);
  }

  /** Runs one command line and gives its exit code. */
  static int run(Terminal terminal, NodeStarter starter, String... arguments) {
    return new CommandLine(new Main())
        .addSubcommand(new StartCommand(terminal, starter))
        .addSubcommand(new TopicCommand(terminal))
        .addSubcommand(new SubscriptionCommand(terminal))
        .addSubcommand(new MessageCommand(terminal))
        .addSubcommand(new PublishCommand(terminal))
        .addSubcommand(new ConsumeCommand(terminal))
        .addSubcommand(new BacklogCommand(terminal))
        .addSubcommand(new RedriveCommand(terminal))
        .addSubcommand(new BenchCommand(terminal))
        .addSubcommand(new VerifyCommand(terminal))
        .addSubcommand(
            new CommandLine(new ConfigCommand()).addSubcommand(new ConfigCommand.Print(terminal)))
        .addSubcommand(new HealthCommand(terminal))
        .setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((e, parsed) -> misused(e))
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command))
        .execute(arguments);
  }

  /** The version in the jar's manifest; classes that are not in a jar have none. */
  static final class Versions implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "tidewheel " + (version == null ? "(not packaged)" : version), "java " + Runtime.version()
      };
    }
  }

  private static int misused(ParameterException e) {
    CommandLine command = e.getCommandLine();
    command.getErr().println("tidewheel: " + e.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(e, command.getErr());
    command.getErr().println("see: " + command.getCommandSpec().qualifiedName() + " --help");
    return ExitCodes.USAGE;
  }

  private static int failed(Exception e, CommandLine command) throws Exception {
    if (e instanceof ConfigurationException) {
      command.getErr().println("tidewheel: " + e.getMessage());
      return ExitCodes.USAGE;
    }
    if (e instanceof CommandFailure failure) {
      command.getErr().println("tidewheel: " + failure.getMessage());
      return failure.exitCode();
    }
    throw e;
  }

  private static NodeStarter.RunningNode startNode(Config config) {
    TidewheelNode node = TidewheelNode.start(config);
    return new NodeStarter.RunningNode() {
      @Override
      public InetSocketAddress httpAddress() {
        return node.httpAddress();
      }

      @Override
      public CompletionStage<Void> terminate() {
        return node.terminate();
      }

      @Override
      public CompletionStage<Void> whenStopping() {
        return node.whenStopping();
      }

      @Override
      public CompletionStage<Void> whenTerminated() {
        return node.whenTerminated();
      }
    };
  }
}
