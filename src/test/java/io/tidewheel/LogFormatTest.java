package io.tidewheel;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What log lines look like. */
class LogFormatTest {
  private static final Path CONFIGURATION = Path.of("src/main/resources/logback.xml");

  @Test
  void isReadableUnlessAskedOtherwise() throws Exception {
    assertThat(line(null)).contains("WARN").contains("say \"hello\" 5").contains("boom");
  }

  @Test
  void isOneObjectALineForMachines() throws Exception {
    String line = line("json");
    assertThat(line.strip().lines()).hasSize(1);
    JsonNode json = new ObjectMapper().readTree(line);
    assertThat(json.get("formattedMessage").asText()).isEqualTo("say \"hello\" 5");
    assertThat(json.get("level").asText()).isEqualTo("WARN");
    assertThat(json.get("timestamp").isNumber()).isTrue();
    assertThat(json.at("/throwable/message").asText()).isEqualTo("boom");
  }

  private static String line(String format) throws Exception {
    LoggerContext context = new LoggerContext();
    if (format != null) {
      context.putProperty("TIDEWHEEL_LOG_FORMAT", format);
    }
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(CONFIGURATION.toFile());
    Logger logger = context.getLogger("io.tidewheel.x");
    var appenders = context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
    ConsoleAppender<ILoggingEvent> only = (ConsoleAppender<ILoggingEvent>) appenders.next();
    assertThat(appenders.hasNext()).isFalse();
    ILoggingEvent event =
        new LoggingEvent(
            "x",
            logger,
            Level.WARN,
            "say \"hello\" {}",
            new IllegalStateException("boom"),
            new Object[] {5});
    return new String(only.getEncoder().encode(event), StandardCharsets.UTF_8);
  }
}
