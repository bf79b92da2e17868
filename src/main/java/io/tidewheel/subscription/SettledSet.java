package io.tidewheel.subscription;

import io.tidewheel.journal.Decoder;
import io.tidewheel.journal.DecodingException;
import io.tidewheel.journal.Encoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.roaringbitmap.RoaringBitmap;

/** Writes and reads the set of settled offsets beyond the floor. */
final class SettledSet {
  private SettledSet() {}

  static void encode(RoaringBitmap settled, Encoder out) {
    ByteBuffer buffer =
        ByteBuffer.allocate(settled.serializedSizeInBytes()).order(ByteOrder.LITTLE_ENDIAN);
    settled.serialize(buffer);
    out.writeBlob(buffer.array());
  }

  static RoaringBitmap decode(Decoder in) {
    byte[] blob = in.readBlob();
    RoaringBitmap settled = new RoaringBitmap();
    try {
      settled.deserialize(ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN));
      // The library checks lengths by running into the end of the buffer, in several ways.
    } catch (IOException | RuntimeException e) {
      throw new DecodingException("a set of settled offsets that can't be read: " + e.getMessage());
    }
    return settled;
  }
}
