package io.tidewheel.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs a command of the shell per message: the payload on its standard input, the rest in
 * environment variables. Done when it ends with 0.
 */
final class ExecHandler implements MessageHandler {
  /** From here on the shell reports a signal. */
  private static final int FIRST_SIGNAL_CODE = 128;

  private final List<String> command;
  private final String topic;
  private final String subscription;

  ExecHandler(String command, String topic, String subscription) {
    this.command = List.of("sh", "-c", command);
    this.topic = topic;
    this.subscription = subscription;
  }

  @Override
  public Verdict handle(PulledMessage message) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    describe(message, builder.environment());
    Process process = builder.start();
    feed(process, message.payload());
    int code = process.waitFor();
    if (code == 0) {
      return Verdict.DONE;
    }
    return code >= FIRST_SIGNAL_CODE
        ? new Verdict(Outcome.CUT_OFF, "ended by signal " + (code - FIRST_SIGNAL_CODE))
        : new Verdict(Outcome.FAILED, "exit code " + code);
  }

  @Override
  public boolean isSlow() {
    return true;
  }

  /** A command may end without reading everything: that is its own business. */
  private static void feed(Process process, byte[] payload) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(payload);
    } catch (IOException e) {
      // Broken pipe; the exit code says whether the command was content.
      return;
    }
  }

  private void describe(PulledMessage message, Map<String, String> environment) {
    put(environment, "TOPIC", topic);
    put(environment, "SUBSCRIPTION", subscription);
    put(environment, "ID", message.id());
    put(environment, "KEY", message.key());
    put(environment, "CONTENT_TYPE", message.contentType());
    put(environment, "QUEUE", Integer.toString(message.queue()));
    put(environment, "OFFSET", Long.toString(message.offset()));
    put(environment, "ATTEMPT", Integer.toString(message.attempt()));
    put(environment, "PUBLISHED_AT", message.publishedAt());
    message
        .headers()
        .forEach(
            (name, value) ->
                put(
                    environment,
                    "HEADER_" + name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_"),
                    value));
  }

  /** An environment cannot hold a zero byte; such a value is left out. */
  private static void put(Map<String, String> environment, String name, @Nullable String value) {
    if (value != null && value.indexOf('\0') < 0) {
      environment.put("TIDEWHEEL_" + name, value);
    } else {
      environment.remove("TIDEWHEEL_" + name);
    }
  }
}
