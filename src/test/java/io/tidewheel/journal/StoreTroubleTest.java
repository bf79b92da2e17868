package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class StoreTroubleTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(StoreTrouble.class);
  private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
  private final StoreTrouble trouble = new StoreTrouble(nanos::get);

  @BeforeEach
  void listen() {
    appender.start();
    logger.addAppender(appender);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(appender);
  }

  @Test
  void tellsOfAnOutageOnceHoweverManyLogsFail() {
    for (int i = 0; i < 100; i++) {
      trouble.onWriteFailed("log-" + i);
    }
    for (int i = 0; i < 100; i++) {
      trouble.onReadFailed("log-" + i, new IllegalStateException("x", new Exception("refused")));
    }
    pass(30);
    trouble.onRead();
    trouble.onWritten();
    assertThat(lines()).hasSize(3);
    assertThat(lines().get(0)).contains("not confirmed a write (log-0)");
    assertThat(lines().get(1)).contains("log-0 cannot be read (refused)");
    assertThat(lines().get(2)).contains("works again after 30 s", "200 tries");
    trouble.onReadFailed("log-1", new IllegalStateException("timeout"));
    assertThat(lines()).hasSize(4);
    assertThat(lines().get(3)).contains("log-1 cannot be read (timeout)");
  }

  @Test
  void aStoreThatCanBeReadOnlyStillDoesNotWork() {
    trouble.onWriteFailed("log");
    pass(5);
    trouble.onRead();
    assertThat(trouble.isOpen()).isTrue();
    trouble.onWritten();
    assertThat(trouble.isOpen()).isFalse();
  }

  @Test
  void isNotOverWhileSomethingFails() {
    trouble.onWriteFailed("log");
    trouble.onWritten();
    assertThat(trouble.isOpen()).isTrue();
    assertThat(lines()).hasSize(1);
    pass(1);
    trouble.onWritten();
    assertThat(lines()).hasSize(2);
  }

  private void pass(long seconds) {
    nanos.addAndGet(seconds * 1_000_000_000);
  }

  private List<String> lines() {
    return appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
