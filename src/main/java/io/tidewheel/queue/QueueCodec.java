package io.tidewheel.queue;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.journal.LogCodec;
import io.tidewheel.message.Message;
import io.tidewheel.queue.QueueEvent.DecidedAppend;
import io.tidewheel.queue.QueueEvent.MessagesAppended;
import io.tidewheel.queue.QueueEvent.QueueDeleted;
import io.tidewheel.queue.QueueEvent.SubscriptionClosed;
import io.tidewheel.queue.QueueEvent.SubscriptionOpened;
import io.tidewheel.queue.QueueEvent.Trimmed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The binary form of what queues store. */
public final class QueueCodec implements LogCodec<QueueEvent, QueueState> {
  private static final String APPENDED = "messages-appended-1";
  private static final String OPENED = "subscription-opened-1";
  private static final String CLOSED = "subscription-closed-1";
  private static final String TRIMMED = "trimmed-1";
  private static final String DELETED = "queue-deleted-1";
  private static final String STATE = "state-1";

  /** Called by the serializer, by name. */
  public QueueCodec() {}

  @Override
  public String family() {
    return "queue";
  }

  @Override
  public Class<QueueEvent> eventType() {
    return QueueEvent.class;
  }

  @Override
  public Class<QueueState> stateType() {
    return QueueState.class;
  }

  @Override
  public String manifest(QueueEvent event) {
    if (event instanceof MessagesAppended) {
      return APPENDED;
    }
    if (event instanceof SubscriptionOpened) {
      return OPENED;
    }
    if (event instanceof Trimmed) {
      return TRIMMED;
    }
    return event instanceof SubscriptionClosed ? CLOSED : DELETED;
  }

  @Override
  public void encode(QueueEvent event, Encoder out) {
    if (event instanceof MessagesAppended appended) {
      out.writeUnsigned(appended.firstOffset());
      out.writeUnsigned(appended.atMillis());
      out.writeFixed64(appended.priorChecksum());
      out.writeUnsigned(appended.appends().size());
      for (DecidedAppend append : appended.appends()) {
        encodeSender(append.sender(), out);
        out.writeUnsigned(append.number());
        encodeResults(append.results(), out);
      }
      MessageCodec.encode(appended.messages(), out);
    } else if (event instanceof SubscriptionOpened opened) {
      out.writeUnsigned(opened.subscriptionUid());
      out.writeUnsigned(opened.startOffset());
    } else if (event instanceof SubscriptionClosed closed) {
      out.writeUnsigned(closed.subscriptionUid());
    } else if (event instanceof Trimmed trimmed) {
      out.writeUnsigned(trimmed.startOffset());
      out.writeUnsigned(trimmed.rowsUpTo());
      out.writeUnsigned(trimmed.startBytes());
    }
  }

  @Override
  public QueueEvent decode(String manifest, Decoder in) {
    return switch (manifest) {
      case APPENDED -> decodeAppended(in);
      case OPENED -> new SubscriptionOpened(in.readUnsigned(), in.readUnsigned());
      case CLOSED -> new SubscriptionClosed(in.readUnsigned());
      case TRIMMED -> new Trimmed(in.readUnsigned(), in.readUnsigned(), in.readUnsigned());
      case DELETED -> new QueueDeleted();
      default -> throw new DecodingException("unknown event of a queue: " + manifest);
    };
  }

  @Override
  public String stateManifest() {
    return STATE;
  }

  @Override
  public void encodeState(QueueState state, Encoder out) {
    out.writeUnsigned(state.nextOffset());
    out.writeUnsigned(state.lastAtMillis());
    out.writeFixed64(state.checksum());
    out.writeUnsigned(state.storedBytes());
    out.writeByte(state.isDeleted() ? 1 : 0);
    out.writeUnsigned(state.start().offset());
    out.writeUnsigned(state.start().seqNr());
    out.writeUnsigned(state.start().bytes());
    encodeMarks(state, out);
    out.writeUnsigned(state.openSubscriptions().size());
    for (Map.Entry<Long, Long> open : state.openSubscriptions().entrySet()) {
      out.writeUnsigned(open.getKey());
      out.writeUnsigned(open.getValue());
    }
    out.writeUnsigned(state.closedSubscriptions().size());
    state.closedSubscriptions().forEach(out::writeUnsigned);
    out.writeUnsigned(state.senders().windows().size());
    for (Map.Entry<SenderId, NumberWindow> sender : state.senders().windows().entrySet()) {
      encodeSender(sender.getKey(), out);
      encodeWindow(sender.getValue(), out);
    }
    out.writeUnsigned(state.ids().size());
    IdWriter ids = new IdWriter(out);
    state.ids().forEach(ids);
  }

  @Override
  public QueueState decodeState(String manifest, Decoder in) {
    if (!manifest.equals(STATE)) {
      throw new DecodingException("unknown state of a queue: " + manifest);
    }
    QueueState state =
        new QueueState(
            in.readUnsigned(),
            in.readUnsigned(),
            in.readFixed64(),
            in.readUnsigned(),
            in.readByte() == 1);
    state.restoreStart(in.readUnsigned(), in.readUnsigned(), in.readUnsigned());
    decodeMarks(state, in);
    for (int open = in.readSize(); open > 0; open--) {
      state.restoreSubscription(in.readUnsigned(), in.readUnsigned());
    }
    for (int closed = in.readSize(); closed > 0; closed--) {
      state.restoreClosed(in.readUnsigned());
    }
    for (int senders = in.readSize(); senders > 0; senders--) {
      SenderId sender = decodeSender(in);
      state.senders().restore(sender, decodeWindow(in));
    }
    long offset = 0;
    long at = 0;
    for (int ids = in.readSize(); ids > 0; ids--) {
      IdWindow.IdHash id = new IdWindow.IdHash(in.readFixed64(), in.readFixed64());
      offset += in.readSigned();
      at += in.readSigned();
      state.ids().add(id, offset, in.readUnsigned(), at);
    }
    return state;
  }

  /** Each mark as its distance to the one before. */
  private static void encodeMarks(QueueState state, Encoder out) {
    List<LogMark> marks = state.marks().all();
    out.writeUnsigned(marks.size());
    LogMark before = LogMark.ORIGIN;
    for (LogMark mark : marks) {
      out.writeUnsigned(mark.offset() - before.offset());
      out.writeUnsigned(mark.seqNr() - before.seqNr());
      out.writeUnsigned(mark.bytes() - before.bytes());
      out.writeSigned(mark.atMillis() - before.atMillis());
      before = mark;
    }
  }

  private static void decodeMarks(QueueState state, Decoder in) {
    LogMark before = LogMark.ORIGIN;
    for (int marks = in.readSize(); marks > 0; marks--) {
      before =
          new LogMark(
              before.offset() + in.readUnsigned(),
              before.seqNr() + in.readUnsigned(),
              before.bytes() + in.readUnsigned(),
              before.atMillis() + in.readSigned());
      state.marks().add(before);
    }
  }

  private static MessagesAppended decodeAppended(Decoder in) {
    long firstOffset = in.readUnsigned();
    long atMillis = in.readUnsigned();
    long priorChecksum = in.readFixed64();
    int count = in.readSize();
    List<DecidedAppend> appends = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      SenderId sender = decodeSender(in);
      appends.add(new DecidedAppend(sender, in.readUnsigned(), decodeResults(in)));
    }
    List<Message> messages = MessageCodec.decode(in);
    return new MessagesAppended(firstOffset, atMillis, priorChecksum, appends, messages);
  }

  static void encodeSender(SenderId sender, Encoder out) {
    out.writeFixed64(sender.high());
    out.writeFixed64(sender.low());
  }

  static SenderId decodeSender(Decoder in) {
    return new SenderId(in.readFixed64(), in.readFixed64());
  }

  private static void encodeWindow(NumberWindow window, Encoder out) {
    out.writeUnsigned(window.floor());
    for (long word : window.bits()) {
      // Almost all words are full, and small numbers take one byte.
      out.writeSigned(~word);
    }
    out.writeUnsigned(window.recent().size());
    for (NumberWindow.Decided decided : window.recent()) {
      out.writeUnsigned(decided.number());
      encodeResults(decided.results(), out);
    }
  }

  private static NumberWindow decodeWindow(Decoder in) {
    long floor = in.readUnsigned();
    long[] bits = new long[NumberWindow.SIZE / Long.SIZE];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = ~in.readSigned();
    }
    NumberWindow window = new NumberWindow(floor, bits);
    for (int count = in.readSize(); count > 0; count--) {
      long number = in.readUnsigned();
      window.restoreResults(number, decodeResults(in));
    }
    return window;
  }

  /** A plain run is its first offset and length; else every message has its code. */
  static void encodeResults(AppendResults results, Encoder out) {
    out.writeByte(results.isPlain() ? 0 : 1);
    out.writeUnsigned(results.count());
    if (results.isPlain()) {
      out.writeUnsigned(results.firstOffset());
    } else {
      for (long code : results.codes()) {
        out.writeSigned(code);
      }
    }
  }

  static AppendResults decodeResults(Decoder in) {
    boolean isPlain = in.readByte() == 0;
    int count = in.readCount();
    if (isPlain) {
      return AppendResults.stored(in.readUnsigned(), count);
    }
    List<Long> codes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      codes.add(in.readSigned());
    }
    return AppendResults.ofCodes(codes.stream().mapToLong(Long::longValue).toArray());
  }

  /** Writes ids as differences to the one before: they come in the order of their offsets. */
  private static final class IdWriter implements IdWindow.Visitor {
    private final Encoder out;
    private long lastOffset;
    private long lastAt;

    IdWriter(Encoder out) {
      this.out = out;
    }

    @Override
    public void visit(IdWindow.IdHash id, long offset, long body, long atMillis) {
      out.writeFixed64(id.high());
      out.writeFixed64(id.low());
      out.writeSigned(offset - lastOffset);
      out.writeSigned(atMillis - lastAt);
      out.writeUnsigned(body);
      lastOffset = offset;
      lastAt = atMillis;
    }
  }
}
