package io.tidewheel.cli;

import com.typesafe.config.Config;
import io.tidewheel.TidewheelNode;
import io.tidewheel.config.ConfigurationException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
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
    CommandLine program = new CommandLine(new Main());
    Map<String, Supplier<?>> commands = commands(terminal, starter);
    if (arguments.length > 0 && commands.containsKey(arguments[0])) {
      // To read the annotations of all commands takes longer than what most of them do.
      commands.keySet().retainAll(Set.of(arguments[0]));
    }
    commands.forEach((name, command) -> program.addSubcommand(command.get()));
    return program
        .setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8))
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((e, parsed) -> misused(e))
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command))
        .execute(arguments);
  }

  /** By the name in the annotation, in the order of the help. */
  private static Map<String, Supplier<?>> commands(Terminal terminal, NodeStarter starter) {
    Map<String, Supplier<?>> commands = new LinkedHashMap<>();
    commands.put("start", () -> new StartCommand(terminal, starter));
    commands.put("demo", () -> new DemoCommand(terminal, starter));
    commands.put("topic", () -> new TopicCommand(terminal));
    commands.put("subscription", () -> new SubscriptionCommand(terminal));
    commands.put("message", () -> new MessageCommand(terminal));
    commands.put("publish", () -> new PublishCommand(terminal));
    commands.put("consume", () -> new ConsumeCommand(terminal));
    commands.put("backlog", () -> new BacklogCommand(terminal));
    commands.put("redrive", () -> new RedriveCommand(terminal));
    commands.put("bench", () -> new BenchCommand(terminal));
    commands.put("verify", () -> new VerifyCommand(terminal));
    commands.put(
        "config",
        () ->
            new CommandLine(new ConfigCommand()).addSubcommand(new ConfigCommand.Print(terminal)));
    commands.put("health", () -> new HealthCommand(terminal));
    return commands;
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
