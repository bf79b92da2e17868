package io.tidewheel.session.frame;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import io.tidewheel.message.Limits;
import io.tidewheel.message.Message;
import io.tidewheel.message.TraceContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the frames of one websocket message. Everything is checked: what is not as it must be ends
 * in a {@link FrameException}, never in a wrong value or in memory that the message has no bytes
 * for.
 */
public final class FrameReader implements AutoCloseable {
  private static final int MAX_DEPTH = 8;
  private static final int MAX_TEXT_BYTES = 32 << 10;
  private static final int MAX_LIST = 10_000;

  /** Names are headers of strangers: a shared table of them would never be freed. */
  private static final CBORFactory FACTORY =
      CBORFactory.builder()
          .disable(com.fasterxml.jackson.core.JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(com.fasterxml.jackson.core.JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_TEXT_BYTES)
                  .maxNameLength(MAX_TEXT_BYTES)
                  .maxNumberLength(100)
                  .build())
          .build();

  private static final Frame.Action[] ACTIONS = Frame.Action.values();
  private static final Frame.Signal[] SIGNALS = Frame.Signal.values();

  /** In one report of costs. */
  private static final int MAX_BACKENDS = 16;

  private static final Frame.Status[] STATUSES = Frame.Status.values();

  private final JsonParser in;

  /** A reader of a whole message. */
  public FrameReader(byte[] message) {
    try {
      in = FACTORY.createParser(message);
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  /** The next frame; null at the end. */
  public @Nullable Frame next() {
    try {
      JsonToken token = in.nextToken();
      if (token == null) {
        return null;
      }
      expect(token == JsonToken.START_ARRAY, "an array");
      Frame frame = frame(FrameKind.of(number()));
      expect(in.nextToken() == JsonToken.END_ARRAY, "no more fields");
      return frame;
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  private Frame frame(FrameKind kind) throws IOException {
    return switch (kind) {
      case HELLO -> hello();
      case OPEN_PUBLISHER -> new Frame.OpenPublisher(integer(), text(), number(), number());
      case PUBLISH ->
          new Frame.Publish(
              integer(), integer(), natural(), natural(), truth(), list(this::message));
      case SUBSCRIBE ->
          new Frame.Subscribe(integer(), text(), text(), natural(), nullableText(), nullableText());
      case WANT -> new Frame.Want(integer(), integer());
      case SETTLE ->
          new Frame.Settle(integer(), natural(), action(), number(), nullableText(), handles());
      case UNSUBSCRIBE -> new Frame.Unsubscribe(integer());
      case GOODBYE -> new Frame.Goodbye();
      case COST -> new Frame.Cost(integer(), integer(), calls());
      case PUSHBACK ->
          new Frame.Pushback(integer(), text(), signal(), number(), natural(), nullableText());
      case BUSY -> new Frame.Busy(integer());
      case WATCH ->
          new Frame.Watch(integer(), nullableText(), nullableText(), nullableText(), natural());
      case WELCOME -> welcome();
      case MEMBERS -> new Frame.Members(list(this::member));
      case PLACEMENT ->
          new Frame.Placement(integer(), number(), integer(), list(this::currentText));
      case PUBLISHED ->
          new Frame.Published(integer(), integer(), natural(), number(), nullableCodes());
      case NOT_PUBLISHED -> new Frame.NotPublished(integer(), integer(), natural(), failure());
      case SUBSCRIBED -> new Frame.Subscribed(integer(), natural());
      case DELIVERIES -> new Frame.Deliveries(integer(), list(this::delivered));
      case SETTLED -> new Frame.Settled(integer(), natural(), statuses());
      case REFUSED -> new Frame.Refused(integer(), failure());
      case BACKLOG ->
          new Frame.Backlog(
              integer(), truth(), truth(), list(this::backlogRow), list(this::backlogPlace));
    };
  }

  /** Of another version only the number is read: what follows may be anything. */
  private Frame.Hello hello() throws IOException {
    int version = integer();
    requireVersion(version);
    return new Frame.Hello(version, text(), number(), number());
  }

  private Frame.Welcome welcome() throws IOException {
    int version = integer();
    requireVersion(version);
    return new Frame.Welcome(
        version,
        number(),
        number(),
        text(),
        new Frame.Bounds(integer(), integer(), integer(), integer(), integer(), integer()));
  }

  private static void requireVersion(int version) {
    if (version != Frame.VERSION) {
      throw new FrameException(
          CloseCode.WRONG_VERSION,
          "version " + version + " is not spoken here, but " + Frame.VERSION + " is");
    }
  }

  /** Reads an element; the parser stands on its first token. */
  @FunctionalInterface
  private interface Element<T> {
    T read(JsonToken token) throws IOException;
  }

  private <T> List<T> list(Element<T> element) throws IOException {
    expect(in.nextToken() == JsonToken.START_ARRAY, "a list");
    List<T> list = new ArrayList<>();
    for (JsonToken token = in.nextToken(); token != JsonToken.END_ARRAY; token = in.nextToken()) {
      expect(token != null && list.size() < MAX_LIST, "a list of at most " + MAX_LIST);
      list.add(element.read(token));
    }
    return list;
  }

  private Message message(JsonToken token) throws IOException {
    expect(token == JsonToken.START_ARRAY, "a message");
    Message message = message();
    expect(in.nextToken() == JsonToken.END_ARRAY, "the end of the message");
    return message;
  }

  private Message message() throws IOException {
    String id = nullableText();
    String key = nullableText();
    String contentType = nullableText();
    Map<String, String> headers = headers();
    return Message.of(id, key, headers, contentType, binary(), Message.FOR_ALL, Message.NEVER);
  }

  private Frame.Delivered delivered(JsonToken token) throws IOException {
    expect(token == JsonToken.START_ARRAY, "a delivery");
    Frame.Delivered delivered =
        new Frame.Delivered(handle(number()), integer(), number(), message());
    expect(in.nextToken() == JsonToken.END_ARRAY, "the end of the delivery");
    return delivered;
  }

  private Frame.Member member(JsonToken token) throws IOException {
    expect(token == JsonToken.START_ARRAY, "a member");
    Frame.Member member = new Frame.Member(text(), text(), truth(), nullableText());
    expect(in.nextToken() == JsonToken.END_ARRAY, "the end of the member");
    return member;
  }

  private Frame.BacklogRow backlogRow(JsonToken token) throws IOException {
    expect(token == JsonToken.START_ARRAY, "a row");
    Frame.BacklogRow row =
        new Frame.BacklogRow(
            new Frame.BacklogPlace(number(), integer()),
            text(),
            text(),
            text(),
            new Frame.Counts(natural(), natural(), natural(), natural(), natural(), natural()),
            natural(),
            integer(),
            new Frame.RatesPerSecond(natural(), natural(), natural()),
            number(),
            number(),
            text(),
            nullableText(),
            truth(),
            truth());
    expect(in.nextToken() == JsonToken.END_ARRAY, "the end of the row");
    return row;
  }

  private Frame.BacklogPlace backlogPlace(JsonToken token) throws IOException {
    expect(token == JsonToken.START_ARRAY, "a place");
    Frame.BacklogPlace place = new Frame.BacklogPlace(number(), integer());
    expect(in.nextToken() == JsonToken.END_ARRAY, "the end of the place");
    return place;
  }

  private Map<String, String> headers() throws IOException {
    JsonToken token = in.nextToken();
    if (token == JsonToken.VALUE_NULL) {
      return Map.of();
    }
    expect(token == JsonToken.START_OBJECT, "a map of headers");
    Map<String, String> headers = new LinkedHashMap<>();
    while (in.nextToken() != JsonToken.END_OBJECT) {
      expect(in.currentToken() == JsonToken.FIELD_NAME, "the name of a header");
      String name = in.currentName();
      boolean isNew = headers.put(name, text()) == null;
      expect(isNew && headers.size() <= Limits.MAX_HEADER_COUNT, "headers with different names");
    }
    TraceContext.clean(headers);
    return headers;
  }

  private List<Frame.Handle> handles() throws IOException {
    expect(in.nextToken() == JsonToken.START_ARRAY, "a list of handles");
    List<Frame.Handle> handles = new ArrayList<>();
    while (in.nextToken() != JsonToken.END_ARRAY) {
      expect(
          in.currentToken() == JsonToken.VALUE_NUMBER_INT && handles.size() < MAX_LIST, "a handle");
      handles.add(handle(in.getLongValue()));
    }
    return handles;
  }

  private Frame.Handle handle(long generation) throws IOException {
    return new Frame.Handle(generation, integer(), natural(), number32(), number32());
  }

  private Frame.Failure failure() throws IOException {
    return new Frame.Failure(text(), text(), truth(), truth());
  }

  private Map<String, Long> calls() throws IOException {
    expect(in.nextToken() == JsonToken.START_OBJECT, "a map of calls");
    Map<String, Long> calls = new LinkedHashMap<>();
    while (in.nextToken() != JsonToken.END_OBJECT) {
      expect(in.currentToken() == JsonToken.FIELD_NAME, "the name of a backend");
      String backend = in.currentName();
      boolean isNew = calls.put(backend, natural()) == null;
      expect(isNew && calls.size() <= MAX_BACKENDS, "a few different backends");
    }
    return calls;
  }

  private Frame.Signal signal() throws IOException {
    int ordinal = integer();
    expect(ordinal < SIGNALS.length, "the number of a signal");
    return SIGNALS[ordinal];
  }

  private Frame.Action action() throws IOException {
    int ordinal = integer();
    expect(ordinal < ACTIONS.length, "the number of an action");
    return ACTIONS[ordinal];
  }

  private List<Frame.Status> statuses() throws IOException {
    byte[] ordinals = binary();
    List<Frame.Status> statuses = new ArrayList<>(ordinals.length);
    for (byte ordinal : ordinals) {
      expect(ordinal >= 0 && ordinal < STATUSES.length, "the number of a status");
      statuses.add(STATUSES[ordinal]);
    }
    return statuses;
  }

  private long @Nullable [] nullableCodes() throws IOException {
    if (in.nextToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    expect(in.currentToken() == JsonToken.START_ARRAY, "a list of numbers");
    long[] codes = new long[16];
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      expect(in.currentToken() == JsonToken.VALUE_NUMBER_INT && count < MAX_LIST, "a number");
      if (count == codes.length) {
        codes = Arrays.copyOf(codes, 2 * count);
      }
      codes[count++] = in.getLongValue();
    }
    return Arrays.copyOf(codes, count);
  }

  private long number() throws IOException {
    expect(in.nextToken() == JsonToken.VALUE_NUMBER_INT, "a number");
    return in.getLongValue();
  }

  private int number32() throws IOException {
    long number = number();
    expect(number == (int) number, "a number of 32 bits");
    return (int) number;
  }

  private long natural() throws IOException {
    long number = number();
    expect(number >= 0, "a number from 0 on");
    return number;
  }

  private int integer() throws IOException {
    long number = number();
    expect(number >= 0 && number <= Integer.MAX_VALUE, "a number from 0 to 2^31 - 1");
    return (int) number;
  }

  private boolean truth() throws IOException {
    JsonToken token = in.nextToken();
    expect(token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE, "true or false");
    return token == JsonToken.VALUE_TRUE;
  }

  private String text() throws IOException {
    return currentText(in.nextToken());
  }

  private String currentText(@Nullable JsonToken token) throws IOException {
    expect(token == JsonToken.VALUE_STRING, "a text");
    return in.getText();
  }

  private @Nullable String nullableText() throws IOException {
    JsonToken token = in.nextToken();
    return token == JsonToken.VALUE_NULL ? null : currentText(token);
  }

  private byte[] binary() throws IOException {
    expect(in.nextToken() == JsonToken.VALUE_EMBEDDED_OBJECT, "bytes");
    Object object = in.getEmbeddedObject();
    expect(object instanceof byte[], "bytes");
    return (byte[]) object;
  }

  private void expect(boolean isSo, String what) {
    if (!isSo) {
      throw new FrameException(
          CloseCode.MALFORMED,
          "expected " + what + " at byte " + in.currentTokenLocation().getByteOffset());
    }
  }

  private static FrameException malformed(IOException e) {
    String detail = String.valueOf(e.getMessage());
    int end = detail.indexOf('\n');
    return new FrameException(
        CloseCode.MALFORMED, "not CBOR: " + (end < 0 ? detail : detail.substring(0, end)));
  }
}
