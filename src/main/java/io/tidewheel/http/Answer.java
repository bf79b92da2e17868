package io.tidewheel.http;

import akka.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * What a route answers.
 *
 * @param handover deliveries that the response holds; null if it holds none
 * @param isStreamed whether the response counts as handed over only when its last bytes are taken;
 *     the route then decides the handover itself
 */
record Answer(HttpResponse response, @Nullable Handover handover, boolean isStreamed) {
  static Answer of(HttpResponse response) {
    return new Answer(response, null, false);
  }

  /** The client can't get this answer any more. */
  void dropped() {
    if (handover != null) {
      handover.failed();
    }
  }
}
