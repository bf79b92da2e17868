package io.tidewheel.dispatch;

import java.util.concurrent.CompletionStage;

/**
 * Stages whose steps run on the thread that completes them.
 *
 * <p>The stages that Akka makes of Scala's futures hand each step to the common pool of the JVM,
 * which on a machine of two processors starts a thread for each.
 */
public final class SameThread {
  private SameThread() {}

  /** The same outcome, as a stage of the platform. */
  public static <T> CompletionStage<T> of(CompletionStage<T> stage) {
    return stage.thenApplyAsync(value -> value, Runnable::run);
  }
}
