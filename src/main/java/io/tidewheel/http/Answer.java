package io.tidewheel.http;

import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import java.util.concurrent.CompletionStage;
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

  /**
   * The same for a client that still sends: the engine closes the connection behind such an answer,
   * and may not do so before the rest has come. A client that sends on would find the connection
   * reset, and perhaps no answer.
   *
   * @param rest ready when the connection may be closed; null for an answer in its time
   */
  Answer before(@Nullable CompletionStage<Void> rest) {
    if (rest == null || !(response.entity() instanceof HttpEntity.Strict strict)) {
      return this;
    }
    Source<ByteString, ?> nothing =
        Source.completionStage(rest.thenApply(end -> ByteString.emptyByteString()))
            .filter(bytes -> !bytes.isEmpty());
    Source<ByteString, ?> bytes = Source.single(strict.getData()).concat(nothing);
    return new Answer(
        response.withEntity(
            HttpEntities.create(strict.getContentType(), strict.getData().size(), bytes)),
        handover,
        isStreamed);
  }

  /** The client can't get this answer any more. */
  void dropped() {
    if (handover != null) {
      handover.failed();
    }
  }
}
