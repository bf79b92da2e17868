package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Sink;
import akka.util.ByteString;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class StreamedAnswerTest {
  private static final ActorTestKit KIT = ActorTestKit.create();

  private final CompletableFuture<Boolean> givenBack = new CompletableFuture<>();
  private final Handover handover = new Handover(() -> givenBack.complete(true));
  private final HttpResponse answer =
      ConsumeRoutes.streamed(
          HttpResponse.create(),
          HttpEntities.create(
              ContentTypes.APPLICATION_OCTET_STREAM, ByteString.fromArray(new byte[1 << 20])),
          handover,
          new Connection());

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  /** Guards against a connection that breaks and says only that it wants no more. */
  @Test
  void whatIsNotTakenToItsEndIsGivenBack() throws Exception {
    take(1);
    assertThat(givenBack.get(10, TimeUnit.SECONDS)).isTrue();
    assertThat(handover.handedOver()).isFalse();
  }

  @Test
  void whatIsTakenToItsEndIsHandedOver() throws Exception {
    take(Long.MAX_VALUE);
    // The end of the answer reaches the handover before it reaches whoever reads it.
    handover.failed();
    assertThat(givenBack).isNotDone();
  }

  private void take(long pieces) throws Exception {
    answer
        .entity()
        .getDataBytes()
        .take(pieces)
        .runWith(Sink.ignore(), KIT.system())
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }
}
