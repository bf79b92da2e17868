package io.tidewheel.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidewheel.message.Limits;
import io.tidewheel.subscription.SettleAction;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the body of an ack, nack, release, reject or extend. */
final class SettleBody {
  private static final Duration MAX_DELAY = Duration.ofHours(12);
  private static final int MAX_REASON_BYTES = 1_024;

  private final Route route;
  private @Nullable List<String> receipts;
  private @Nullable Duration delay;
  private @Nullable Duration lease;
  private @Nullable Duration timeLimit;
  private @Nullable String reason;
  private Map<String, Double> cost = Map.of();

  private SettleBody(Route route) {
    this.route = route;
  }

  /**
   * What is asked for.
   *
   * @param receipts as they came, at least one
   * @param cost calls of backends that all of them took together, by name
   * @param timeLimit of the request; null if the body names none
   */
  record Settlement(
      SettleAction action,
      List<String> receipts,
      Map<String, Double> cost,
      @Nullable Duration timeLimit) {}

  static Settlement read(Route route, byte[] body) {
    SettleBody read = new SettleBody(route);
    Json.fields(body, read::field);
    List<String> receipts = read.receipts;
    if (receipts == null || receipts.isEmpty()) {
      throw Problem.ofField(ProblemType.MALFORMED, "/receipts", "is missing or empty")
          .toException();
    }
    return new Settlement(read.action(), receipts, read.cost, read.timeLimit);
  }

  private SettleAction action() {
    return switch (route) {
      case ACK -> new SettleAction.Ack();
      case NACK -> new SettleAction.Nack(delay, reason);
      case RELEASE -> new SettleAction.Release();
      case REJECT -> new SettleAction.Reject(reason);
      case EXTEND -> new SettleAction.Extend(lease);
      default -> throw new IllegalArgumentException(route + " settles nothing");
    };
  }

  private void field(JsonParser parser, String field, String pointer) throws IOException {
    boolean isKnown =
        switch (field) {
          case "receipts", "receipt", "timeout" -> true;
          case "delay" -> route == Route.NACK;
          case "reason" -> route == Route.NACK || route == Route.REJECT;
          case "lease" -> route == Route.EXTEND;
          case "cost" -> route == Route.ACK || route == Route.NACK;
          case "emit", "result" -> route == Route.ACK;
          default -> false;
        };
    if (!isKnown) {
      throw FieldParser.unknown(pointer);
    }
    switch (field) {
      case "receipts" -> {
        refuseSecond(pointer);
        receipts = FieldParser.texts(parser, pointer, Limits.MAX_PULL_MESSAGES);
      }
      case "receipt" -> {
        refuseSecond(pointer);
        String receipt = FieldParser.text(parser, pointer);
        receipts = receipt == null ? null : List.of(receipt);
      }
      case "timeout" -> timeLimit = FieldParser.timeLimit(parser, pointer);
      case "delay" -> delay = delay(parser, pointer);
      case "reason" -> reason = reason(parser, pointer);
      case "cost" -> cost = CostParser.read(parser, pointer);
      case "lease" -> lease = PullBody.lease(parser, pointer);
      default -> {
        if (parser.currentToken() != JsonToken.VALUE_NULL) {
          throw FieldParser.notYet(pointer, "\"" + field + "\" in this call");
        }
      }
    }
  }

  private void refuseSecond(String pointer) {
    if (receipts != null) {
      throw Problem.ofField(
              ProblemType.MALFORMED, pointer, "only one of \"receipt\" and \"receipts\" is taken")
          .toException();
    }
  }

  private static @Nullable Duration delay(JsonParser parser, String pointer) throws IOException {
    Duration delay = FieldParser.duration(parser, pointer);
    if (delay != null && delay.compareTo(MAX_DELAY) > 0) {
      throw Problem.ofField(ProblemType.NOT_ACCEPTED, pointer, "must be at most 12h").toException();
    }
    return delay;
  }

  private static @Nullable String reason(JsonParser parser, String pointer) throws IOException {
    String reason = FieldParser.text(parser, pointer);
    if (reason == null) {
      return null;
    }
    int bytes = Utf8.encodedLength(reason);
    if (bytes < 0 || bytes > MAX_REASON_BYTES) {
      throw Problem.ofField(
              ProblemType.NOT_ACCEPTED, pointer, "is longer than " + MAX_REASON_BYTES + " bytes")
          .toException();
    }
    return reason;
  }
}
