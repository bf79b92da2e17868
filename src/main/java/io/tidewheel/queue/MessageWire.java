package io.tidewheel.queue;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.Encoder;
import io.tidewheel.message.Message;
import java.util.List;

/** The binary form of messages between nodes: the same as in the log. */
public final class MessageWire {
  private MessageWire() {}

  public static void encode(List<Message> messages, Encoder out) {
    MessageCodec.encode(messages, out);
  }

  public static List<Message> decode(Decoder in) {
    return MessageCodec.decode(in);
  }
}
