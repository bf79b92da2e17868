package io.tidewheel.session.frame;

import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import io.tidewheel.message.Message;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames one behind the other into one array. Each is a CBOR array: the number of its kind,
 * then its fields in the order of the record. Not safe for several threads.
 */
public final class FrameWriter {
  private static final CBORFactory FACTORY =
      CBORFactory.builder().disable(StreamWriteFeature.FLUSH_PASSED_TO_STREAM).build();

  private final Bytes bytes;
  private final CBORGenerator out;

  /** Begins a websocket message. */
  public FrameWriter(int expectedBytes) {
    bytes = new Bytes(expectedBytes);
    try {
      out = FACTORY.createGenerator(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds a frame. */
  public void write(Frame frame) {
    try {
      if (frame instanceof Frame.FromClient fromClient) {
        client(fromClient);
      } else {
        broker((Frame.FromBroker) frame);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How much there is, nearly. */
  public int size() {
    return bytes.size + Math.max(0, out.getOutputBuffered());
  }

  /** Ends the message. */
  public byte[] toByteArray() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.exact();
  }

  private void client(Frame.FromClient frame) throws IOException {
    if (frame instanceof Frame.Publish publish) {
      begin(FrameKind.PUBLISH, 6);
      out.writeNumber(publish.ref());
      out.writeNumber(publish.queue());
      out.writeNumber(publish.number());
      out.writeNumber(publish.timeLeftMillis());
      out.writeBoolean(publish.mayBeStored());
      out.writeStartArray(publish.messages(), publish.messages().size());
      for (Message message : publish.messages()) {
        out.writeStartArray(message, 5);
        message(message);
        out.writeEndArray();
      }
      out.writeEndArray();
    } else if (frame instanceof Frame.Want want) {
      begin(FrameKind.WANT, 2);
      out.writeNumber(want.ref());
      out.writeNumber(want.count());
    } else if (frame instanceof Frame.Settle settle) {
      begin(FrameKind.SETTLE, 6);
      out.writeNumber(settle.ref());
      out.writeNumber(settle.request());
      out.writeNumber(settle.action().number());
      out.writeNumber(settle.millis());
      text(settle.reason());
      handles(settle.handles());
    } else if (frame instanceof Frame.Hello hello) {
      begin(FrameKind.HELLO, 4);
      out.writeNumber(hello.version());
      out.writeString(hello.client());
      out.writeNumber(hello.previousHigh());
      out.writeNumber(hello.previousLow());
    } else if (frame instanceof Frame.OpenPublisher open) {
      begin(FrameKind.OPEN_PUBLISHER, 4);
      out.writeNumber(open.ref());
      out.writeString(open.topic());
      out.writeNumber(open.senderHigh());
      out.writeNumber(open.senderLow());
    } else if (frame instanceof Frame.Subscribe subscribe) {
      begin(FrameKind.SUBSCRIBE, 6);
      out.writeNumber(subscribe.ref());
      out.writeString(subscribe.topic());
      out.writeString(subscribe.subscription());
      out.writeNumber(subscribe.leaseMillis());
      text(subscribe.worker());
      text(subscribe.version());
    } else if (frame instanceof Frame.Unsubscribe unsubscribe) {
      begin(FrameKind.UNSUBSCRIBE, 1);
      out.writeNumber(unsubscribe.ref());
    } else if (frame instanceof Frame.Watch watch) {
      begin(FrameKind.WATCH, 5);
      out.writeNumber(watch.ref());
      text(watch.topic());
      text(watch.subscription());
      text(watch.node());
      out.writeNumber(watch.min());
    } else if (frame instanceof Frame.Report report) {
      report(report);
    } else {
      begin(FrameKind.GOODBYE, 0);
    }
    out.writeEndArray();
  }

  private void report(Frame.Report frame) throws IOException {
    if (frame instanceof Frame.Cost cost) {
      begin(FrameKind.COST, 3);
      out.writeNumber(cost.ref());
      out.writeNumber(cost.messages());
      out.writeStartObject(cost, cost.calls().size());
      for (Map.Entry<String, Long> each : cost.calls().entrySet()) {
        out.writeFieldName(each.getKey());
        out.writeNumber(each.getValue());
      }
      out.writeEndObject();
    } else if (frame instanceof Frame.Pushback pushback) {
      begin(FrameKind.PUSHBACK, 6);
      out.writeNumber(pushback.ref());
      out.writeString(pushback.backend());
      out.writeNumber(pushback.signal().number());
      out.writeNumber(pushback.rate());
      out.writeNumber(pushback.ttlMillis());
      text(pushback.reason());
    } else {
      begin(FrameKind.BUSY, 1);
      out.writeNumber(((Frame.Busy) frame).thousandths());
    }
  }

  private void broker(Frame.FromBroker frame) throws IOException {
    if (frame instanceof Frame.Published published) {
      begin(FrameKind.PUBLISHED, 5);
      out.writeNumber(published.ref());
      out.writeNumber(published.queue());
      out.writeNumber(published.number());
      out.writeNumber(published.firstOffset());
      codes(published.codes());
    } else if (frame instanceof Frame.Deliveries deliveries) {
      begin(FrameKind.DELIVERIES, 2);
      out.writeNumber(deliveries.ref());
      out.writeStartArray(deliveries, deliveries.deliveries().size());
      for (Frame.Delivered delivered : deliveries.deliveries()) {
        out.writeStartArray(delivered, 12);
        handle(delivered.handle());
        out.writeNumber(delivered.attempt());
        out.writeNumber(delivered.publishedAtMillis());
        message(delivered.message());
        out.writeEndArray();
      }
      out.writeEndArray();
    } else if (frame instanceof Frame.Settled settled) {
      begin(FrameKind.SETTLED, 3);
      out.writeNumber(settled.ref());
      out.writeNumber(settled.request());
      byte[] statuses = new byte[settled.statuses().size()];
      for (int i = 0; i < statuses.length; i++) {
        statuses[i] = (byte) settled.statuses().get(i).number();
      }
      out.writeBinary(statuses);
    } else if (frame instanceof Frame.NotPublished not) {
      begin(FrameKind.NOT_PUBLISHED, 7);
      out.writeNumber(not.ref());
      out.writeNumber(not.queue());
      out.writeNumber(not.number());
      failure(not.failure());
    } else if (frame instanceof Frame.Placement placement) {
      begin(FrameKind.PLACEMENT, 4);
      out.writeNumber(placement.ref());
      out.writeNumber(placement.topicUid());
      out.writeNumber(placement.maxMessageBytes());
      out.writeStartArray(placement, placement.nodes().size());
      for (String node : placement.nodes()) {
        out.writeString(node);
      }
      out.writeEndArray();
    } else if (frame instanceof Frame.Subscribed subscribed) {
      begin(FrameKind.SUBSCRIBED, 2);
      out.writeNumber(subscribed.ref());
      out.writeNumber(subscribed.leaseMillis());
    } else if (frame instanceof Frame.Refused refused) {
      begin(FrameKind.REFUSED, 5);
      out.writeNumber(refused.ref());
      failure(refused.failure());
    } else if (frame instanceof Frame.Backlog backlog) {
      BacklogWriter.write(backlog, out);
    } else if (frame instanceof Frame.Members members) {
      begin(FrameKind.MEMBERS, 1);
      out.writeStartArray(members, members.members().size());
      for (Frame.Member member : members.members()) {
        out.writeStartArray(member, 4);
        out.writeString(member.node());
        out.writeString(member.zone());
        out.writeBoolean(member.isHealthy());
        text(member.url());
        out.writeEndArray();
      }
      out.writeEndArray();
    } else {
      welcome((Frame.Welcome) frame);
    }
    out.writeEndArray();
  }

  private void welcome(Frame.Welcome welcome) throws IOException {
    begin(FrameKind.WELCOME, 10);
    out.writeNumber(welcome.version());
    out.writeNumber(welcome.sessionHigh());
    out.writeNumber(welcome.sessionLow());
    out.writeString(welcome.node());
    Frame.Bounds bounds = welcome.bounds();
    out.writeNumber(bounds.maxFrameBytes());
    out.writeNumber(bounds.maxOpenBytes());
    out.writeNumber(bounds.maxOpenPublishes());
    out.writeNumber(bounds.maxRefs());
    out.writeNumber(bounds.maxWanted());
    out.writeNumber(bounds.pingMillis());
  }

  private void begin(FrameKind kind, int fields) throws IOException {
    out.writeStartArray(kind, fields + 1);
    out.writeNumber(kind.number());
  }

  private void message(Message message) throws IOException {
    text(message.id());
    text(message.key());
    text(message.contentType());
    Map<String, String> headers = message.headers();
    if (headers.isEmpty()) {
      out.writeNull();
    } else {
      out.writeStartObject(headers, headers.size());
      for (Map.Entry<String, String> header : headers.entrySet()) {
        out.writeFieldName(header.getKey());
        out.writeString(header.getValue());
      }
      out.writeEndObject();
    }
    out.writeBinary(message.payload());
  }

  private void handles(List<Frame.Handle> handles) throws IOException {
    out.writeStartArray(handles, 5 * handles.size());
    for (Frame.Handle handle : handles) {
      handle(handle);
    }
    out.writeEndArray();
  }

  private void handle(Frame.Handle handle) throws IOException {
    out.writeNumber(handle.generation());
    out.writeNumber(handle.queue());
    out.writeNumber(handle.offset());
    out.writeNumber(handle.incarnation());
    out.writeNumber(handle.delivery());
  }

  private void codes(long @Nullable [] codes) throws IOException {
    if (codes == null) {
      out.writeNull();
    } else {
      out.writeStartArray(codes, codes.length);
      for (long code : codes) {
        out.writeNumber(code);
      }
      out.writeEndArray();
    }
  }

  private void failure(Frame.Failure failure) throws IOException {
    out.writeString(failure.type());
    out.writeString(failure.detail());
    out.writeBoolean(failure.isRetryable());
    out.writeBoolean(failure.isUnknown());
  }

  private void text(@Nullable String text) throws IOException {
    if (text == null) {
      out.writeNull();
    } else {
      out.writeString(text);
    }
  }

  /** Without the locks of the platform's own. */
  private static final class Bytes extends OutputStream {
    private byte[] buffer;
    private int size;

    Bytes(int expected) {
      buffer = new byte[expected];
    }

    @Override
    public void write(int octet) {
      room(1);
      buffer[size++] = (byte) octet;
    }

    @Override
    public void write(byte[] source, int from, int count) {
      room(count);
      System.arraycopy(source, from, buffer, size, count);
      size += count;
    }

    byte[] exact() {
      return size == buffer.length ? buffer : Arrays.copyOf(buffer, size);
    }

    private void room(int count) {
      if (buffer.length - size < count) {
        buffer = Arrays.copyOf(buffer, Math.max(size + count, 2 * buffer.length));
      }
    }
  }
}
