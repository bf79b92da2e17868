package io.tidewheel.client;

import java.util.concurrent.CompletionStage;

/** Handles deliveries of a worker and says later what came of it. */
@FunctionalInterface
public interface AsyncHandler {
  /**
   * Begins to handle a delivery; its thread is one of the worker's.
   *
   * @return a failure of which is {@link Outcome#retry(String)}
   * @throws Exception if it failed at once
   */
  CompletionStage<Outcome> handle(Delivery delivery) throws Exception;
}
