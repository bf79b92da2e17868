package io.tidewheel.queue;

import akka.actor.typed.ActorRef;
import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import io.tidewheel.message.Message;
import io.tidewheel.queue.PublishResult.Reason;
import java.util.List;
import java.util.function.Function;

/** The binary form of appends and their replies between nodes. */
public final class QueueWire {
  private QueueWire() {}

  /**
   * Writes an append.
   *
   * @param address writes actor references so that they can be read elsewhere
   */
  public static void encode(
      Queue.Append append, Encoder out, Function<ActorRef<?>, String> address) {
    QueueCodec.encodeSender(append.sender(), out);
    out.writeUnsigned(append.number());
    out.writeUnsigned(append.timeLeftMillis());
    out.writeByte(append.mayBeStored() ? 1 : 0);
    out.writeText(address.apply(append.replyTo()));
    MessageCodec.encode(append.messages(), out);
  }

  /** Reads an append. */
  public static Queue.Append decodeAppend(
      Decoder in, Function<String, ActorRef<AppendReply>> actor) {
    SenderId sender = QueueCodec.decodeSender(in);
    long number = in.readUnsigned();
    long timeLeftMillis = in.readUnsigned();
    boolean mayBeStored = in.readByte() == 1;
    ActorRef<AppendReply> replyTo = actor.apply(in.readText());
    List<Message> messages = MessageCodec.decode(in);
    return new Queue.Append(sender, number, messages, timeLeftMillis, mayBeStored, replyTo);
  }

  /** Writes a reply: its kind first. */
  public static void encode(AppendReply reply, Encoder out) {
    if (reply instanceof AppendReply.Decided decided) {
      out.writeByte(1);
      out.writeUnsigned(reply.number());
      out.writeUnsigned(decided.queue());
      QueueCodec.encodeResults(decided.results(), out);
    } else if (reply instanceof AppendReply.StoredBefore) {
      out.writeByte(2);
      out.writeUnsigned(reply.number());
    } else if (reply instanceof AppendReply.NotStored refused) {
      out.writeByte(3);
      out.writeUnsigned(reply.number());
      out.writeText(refused.reason().name());
      out.writeText(refused.detail());
    } else {
      out.writeByte(4);
      out.writeUnsigned(reply.number());
      out.writeText(((AppendReply.Unknown) reply).detail());
    }
  }

  /** Reads a reply. */
  public static AppendReply decodeReply(Decoder in) {
    int kind = in.readByte();
    long number = in.readUnsigned();
    return switch (kind) {
      case 1 -> new AppendReply.Decided(number, in.readCount(), QueueCodec.decodeResults(in));
      case 2 -> new AppendReply.StoredBefore(number);
      case 3 -> new AppendReply.NotStored(number, reason(in.readText()), in.readText());
      case 4 -> new AppendReply.Unknown(number, in.readText());
      default -> throw new DecodingException("unknown kind of reply: " + kind);
    };
  }

  /** One that a newer node has is no reason to fail: it says that nothing was stored. */
  private static Reason reason(String name) {
    for (Reason reason : Reason.values()) {
      if (reason.name().equals(name)) {
        return reason;
      }
    }
    return Reason.UNAVAILABLE;
  }
}
