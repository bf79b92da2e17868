package io.tidewheel.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "health",
    description = "Asks whether the broker is ready to serve. Exit code 0 yes, 1 no, 3 no answer.",
    footer = {"", "Example:", "  tidewheel health --url http://127.0.0.1:8080"})
final class HealthCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final BrokerOptions options = new BrokerOptions();

  HealthCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    BrokerConnection connection = options.connect();
    Answer answer = connection.get("/health/ready");
    if (options.isJson()) {
      terminal.print(Json.pretty(answer.json()));
    } else {
      terminal.print(
          answer.isSuccess()
              ? "ready at " + connection.broker()
              : "not ready: " + answer.problem().text());
    }
    return answer.isSuccess() ? ExitCodes.OK : ExitCodes.FAILED;
  }
}
