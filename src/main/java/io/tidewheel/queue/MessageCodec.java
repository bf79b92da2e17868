package io.tidewheel.queue;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.Encoder;
import io.tidewheel.message.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * The binary form of messages, inside a stored batch. The payload is copied once and never looked
 * at.
 */
final class MessageCodec {
  /** Which rare parts follow; almost no message has any. */
  private static final int HAS_ONLY_FOR = 1;

  private static final int HAS_EXPIRY = 2;

  private MessageCodec() {}

  static void encode(List<Message> messages, Encoder out) {
    out.writeUnsigned(messages.size());
    for (Message message : messages) {
      int parts =
          (message.onlyFor() == Message.FOR_ALL ? 0 : HAS_ONLY_FOR)
              | (message.expiresAtMillis() == Message.NEVER ? 0 : HAS_EXPIRY);
      out.writeByte(parts);
      out.writeNullableText(message.id());
      out.writeNullableText(message.key());
      out.writeNullableText(message.contentType());
      out.writeTexts(message.headers());
      if (message.onlyFor() != Message.FOR_ALL) {
        out.writeUnsigned(message.onlyFor());
      }
      if (message.expiresAtMillis() != Message.NEVER) {
        out.writeUnsigned(message.expiresAtMillis());
      }
      out.writeBlob(message.payload());
    }
  }

  static List<Message> decode(Decoder in) {
    int count = in.readSize();
    List<Message> messages = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int parts = in.readByte();
      String id = in.readNullableText();
      String key = in.readNullableText();
      String contentType = in.readNullableText();
      var headers = in.readTexts();
      long onlyFor = (parts & HAS_ONLY_FOR) == 0 ? Message.FOR_ALL : in.readUnsigned();
      long expiresAt = (parts & HAS_EXPIRY) == 0 ? Message.NEVER : in.readUnsigned();
      messages.add(Message.of(id, key, headers, contentType, in.readBlob(), onlyFor, expiresAt));
    }
    return messages;
  }
}
