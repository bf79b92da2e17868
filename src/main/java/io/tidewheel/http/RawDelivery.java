package io.tidewheel.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.util.ByteString;
import io.tidewheel.message.Message;
import io.tidewheel.message.TraceContext;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.ReceiptCodec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as a bare payload: the body is the message, everything else is in headers. Values are
 * percent-encoded UTF-8, as they are taken by a publish, so what is pulled can be published again.
 */
final class RawDelivery {
  private RawDelivery() {}

  static HttpResponse response(Delivery delivery, ReceiptCodec receipts) {
    Message message = delivery.message();
    int queue = delivery.receipt().queue();
    long offset = delivery.receipt().offset();
    List<HttpHeader> headers = new ArrayList<>();
    add(headers, "Tidewheel-Receipt", receipts.encode(delivery.receipt()));
    String id = Stored.id(message.id(), queue, offset);
    add(headers, "Tidewheel-Id", PercentText.encode(id));
    String key = message.key();
    if (key != null) {
      add(headers, "Tidewheel-Key", PercentText.encode(key));
    }
    add(headers, "Tidewheel-Queue", Integer.toString(queue));
    add(headers, "Tidewheel-Offset", Long.toString(offset));
    add(headers, "Tidewheel-Attempt", Integer.toString(delivery.attempt()));
    add(
        headers,
        "Tidewheel-Published-At",
        Instant.ofEpochMilli(delivery.publishedAtMillis()).toString());
    for (Map.Entry<String, String> header : message.headers().entrySet()) {
      if (isTrace(header)) {
        add(headers, header.getKey(), header.getValue());
      } else {
        add(headers, headerName(header.getKey()), PercentText.encode(header.getValue()));
      }
    }
    String declared = message.contentType();
    ContentType type = declared == null ? null : parse(declared);
    if (declared != null && type == null) {
      add(headers, "Tidewheel-Content-Type", PercentText.encode(declared));
    }
    ByteString body = ByteString.fromArrayUnsafe(message.payload());
    return Responses.bytes(200, type == null ? ContentTypes.APPLICATION_OCTET_STREAM : type, body)
        .addHeaders(headers);
  }

  private static void add(List<HttpHeader> headers, String name, String value) {
    headers.add(RawHeader.create(name, value));
  }

  /** A trace is written as it came: it is plain, and whoever reads it decodes nothing. */
  private static boolean isTrace(Map.Entry<String, String> header) {
    return switch (header.getKey()) {
      case TraceContext.PARENT -> TraceContext.isParent(header.getValue());
      case TraceContext.STATE -> TraceContext.isState(header.getValue());
      default -> false;
    };
  }

  /** Events of CloudEvents keep the names they have in HTTP. */
  private static String headerName(String name) {
    boolean isEvent = name.startsWith("ce-") && name.length() > 3 && PercentText.isToken(name);
    return isEvent ? name : "Tidewheel-Header-" + PercentText.encodeName(name);
  }

  /** The type to write down; null if it would come out other than it went in. */
  private static @Nullable ContentType parse(String text) {
    var parsed = akka.http.scaladsl.model.ContentType.parse(text);
    if (parsed.isLeft()) {
      return null;
    }
    ContentType type = parsed.toOption().get();
    return type.toString().equalsIgnoreCase(text) ? type : null;
  }
}
