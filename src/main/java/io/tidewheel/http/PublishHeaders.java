package io.tidewheel.http;

import io.tidewheel.message.Message;
import io.tidewheel.message.TraceContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the headers of a single publish say about its message. Values are percent-encoded
 * UTF-8; names of message headers are in lower case, since those of HTTP have no case.
 */
final class PublishHeaders {
  private static final String PREFIX = "tidewheel-";
  private static final String HEADER_PREFIX = "tidewheel-header-";

  private @Nullable String id;
  private @Nullable String key;
  private final Map<String, String> headers = new LinkedHashMap<>();
  private final @Nullable String contentType;

  /**
   * Reads the headers of a call.
   *
   * @throws ProblemException if one is not as it must be
   */
  PublishHeaders(Call call) {
    Headers all = call.headers();
    for (int i = 0; i < all.size(); i++) {
      add(all.lowercaseName(i), all.value(i));
    }
    addTrace(all);
    MessageFields.checkHeaders("Tidewheel-Header", headers);
    contentType = call.contentType();
    MessageFields.checkContentType("Content-Type", contentType);
  }

  /** The message with what the headers say of it. */
  Message message(byte[] payload) {
    return Message.of(id, key, headers, contentType, payload, Message.FOR_ALL, Message.NEVER);
  }

  private void add(String name, String value) {
    if (name.startsWith(PREFIX)) {
      addOwn(name, value);
    } else if (name.equals("idempotency-key")) {
      id = once("Idempotency-Key", id, decode("Idempotency-Key", value));
      MessageFields.checkId("Idempotency-Key", id);
    } else if (name.startsWith("ce-")) {
      put(name, decode(name, value));
    }
  }

  /** As W3C Trace Context wants it: what can't be read is left out, never an error. */
  private void addTrace(Headers all) {
    List<String> parents = all.values(TraceContext.PARENT);
    List<String> states = all.values(TraceContext.STATE);
    if (parents.size() == 1 && !headers.containsKey(TraceContext.PARENT)) {
      headers.put(TraceContext.PARENT, parents.get(0));
      if (!states.isEmpty()) {
        headers.put(TraceContext.STATE, String.join(",", states));
      }
    }
    TraceContext.clean(headers);
  }

  private void addOwn(String name, String value) {
    if (name.startsWith(HEADER_PREFIX)) {
      put(decode(name, name.substring(HEADER_PREFIX.length())), decode(name, value));
      return;
    }
    switch (name) {
      case "tidewheel-key" -> {
        key = once("Tidewheel-Key", key, decode("Tidewheel-Key", value));
        MessageFields.checkKey("Tidewheel-Key", key);
      }
      case "tidewheel-delay", "tidewheel-deliver-at" ->
          throw FieldParser.notYet(name, "delayed publish");
      case "tidewheel-timeout" -> {
        // Read by the call.
      }
      default ->
          throw Problem.of(
                  ProblemType.MALFORMED,
                  "the header "
                      + Problem.quote(name)
                      + " is not known; Tidewheel-Header-{name}"
                      + " sets a header of the message")
              .toException();
    }
  }

  private void put(String name, String value) {
    if (headers.put(name, value) != null) {
      throw Problem.of(
              ProblemType.MALFORMED, "the message header " + Problem.quote(name) + " comes twice")
          .toException();
    }
  }

  private static String once(String name, @Nullable String before, String value) {
    if (before != null) {
      throw Problem.of(ProblemType.MALFORMED, "the header " + name + " may come only once")
          .toException();
    }
    return value;
  }

  private static String decode(String name, String value) {
    String decoded = PercentText.decode(value);
    if (decoded == null) {
      throw Problem.of(
              ProblemType.MALFORMED, "the header " + name + " is not percent-encoded UTF-8")
          .toException();
    }
    return decoded;
  }
}
