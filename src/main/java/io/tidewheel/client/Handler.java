package io.tidewheel.client;

/** Handles deliveries of a worker, on one of its threads. */
@FunctionalInterface
public interface Handler {
  /**
   * Handles a delivery.
   *
   * @throws Exception if it failed: that is {@link Outcome#retry(String)}
   */
  Outcome handle(Delivery delivery) throws Exception;
}
