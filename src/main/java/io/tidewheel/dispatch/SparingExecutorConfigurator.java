package io.tidewheel.dispatch;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import akka.dispatch.MonitorableThreadFactory;
import com.typesafe.config.Config;
import java.util.concurrent.ThreadFactory;

/**
 * Gives a dispatcher of Akka a {@link SparingExecutor}: {@code executor =
 * "io.tidewheel.dispatch.SparingExecutorConfigurator"}, and in {@code sparing-executor} its {@code
 * size}, in threads; 0 for one for each processor, at least two.
 */
public final class SparingExecutorConfigurator extends ExecutorServiceConfigurator {
  private final int size;

  /** Made by Akka. */
  public SparingExecutorConfigurator(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
    int configured = config.getInt("sparing-executor.size");
    size = configured > 0 ? configured : Math.max(2, Runtime.getRuntime().availableProcessors());
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory factory) {
    ThreadFactory named =
        factory instanceof MonitorableThreadFactory monitorable
            ? monitorable.withName(monitorable.name() + "-" + id)
            : factory;
    return () ->
        new SparingExecutor(
            size, named, SparingExecutor.LOOK_NANOS, SparingExecutor.IDLE_LOOK_NANOS);
  }
}
