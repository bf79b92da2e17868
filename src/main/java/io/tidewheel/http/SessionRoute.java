package io.tidewheel.http;

import akka.NotUsed;
import akka.http.impl.engine.server.UpgradeToOtherProtocolResponseHeader;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.Connection;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.javadsl.Flow;
import akka.util.ByteString;
import io.tidewheel.session.Sessions;
import io.tidewheel.session.frame.Websocket;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The handshake of a session (RFC 6455, 4.2), behind which the connection's bytes are the session's
 * own: the engine's websockets hand over large messages as a stream of pieces, and choose the close
 * codes themselves.
 */
final class SessionRoute {
  private static final int KEY_BYTES = 16;

  private SessionRoute() {}

  static CompletionStage<Answer> open(Call call, Sessions sessions) {
    Headers headers = call.headers();
    String key = headers.first("sec-websocket-key");
    if (!names(headers.values("upgrade"), "websocket")
        || !names(headers.values("connection"), "upgrade")
        || !names(headers.values("sec-websocket-version"), "13")
        || key == null
        || !isKey(key)) {
      HttpResponse response =
          Responses.problem(
              Problem.of(
                  ProblemType.UPGRADE_REQUIRED,
                  "a session is a websocket of version 13: docs/session.md"));
      return done(
          Responses.with(
              Responses.with(response, "Upgrade", "websocket"), "Sec-WebSocket-Version", "13"));
    }
    Flow<ByteString, ByteString, NotUsed> session = sessions.open();
    if (session == null) {
      throw Problem.of(
              ProblemType.UNAVAILABLE, "there are too many sessions on this node, or it stops")
          .toException();
    }
    HttpResponse switching =
        HttpResponse.create()
            .withStatus(101)
            .addHeader(RawHeader.create("Upgrade", "websocket"))
            .addHeader(Connection.create("Upgrade"))
            .addHeader(RawHeader.create("Sec-WebSocket-Accept", Websocket.accept(key.strip())))
            .addHeader(
                UpgradeToOtherProtocolResponseHeader.apply(
                    session.asScala().mapMaterializedValue(notUsed -> (Object) notUsed)));
    boolean isNamed = names(headers.values("sec-websocket-protocol"), Websocket.PROTOCOL);
    return done(
        isNamed
            ? Responses.with(switching, "Sec-WebSocket-Protocol", Websocket.PROTOCOL)
            : switching);
  }

  private static boolean names(List<String> values, String name) {
    return values.stream()
        .flatMap(value -> Arrays.stream(value.split(",", -1)))
        .anyMatch(each -> each.strip().toLowerCase(Locale.ROOT).equals(name));
  }

  private static boolean isKey(String key) {
    try {
      return Base64.getDecoder().decode(key.strip()).length == KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static CompletionStage<Answer> done(HttpResponse response) {
    return CompletableFuture.completedFuture(Answer.of(response));
  }
}
