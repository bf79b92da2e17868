package io.tidewheel.crash;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** A message of the crash test: who published it and as which; everything else follows from it. */
public record MessageId(int caller, int counter) {
  private static final int KEYS_PER_CALLER = 4;
  private static final int MIN_BYTES = 40;
  private static final int SPREAD_BYTES = 1_000;

  public static MessageId parse(String text) {
    int dash = text.indexOf('-');
    if (dash <= 0) {
      return new MessageId(-1, -1);
    }
    try {
      return new MessageId(
          Integer.parseInt(text.substring(0, dash)), Integer.parseInt(text.substring(dash + 1)));
    } catch (NumberFormatException e) {
      return new MessageId(-1, -1);
    }
  }

  public String text() {
    return caller + "-" + counter;
  }

  /** Which order it belongs to; -1 for one message in eight, which has no key. */
  int keyNumber() {
    return counter % 8 == 7 ? -1 : caller * KEYS_PER_CALLER + counter % KEYS_PER_CALLER;
  }

  /** Always the same bytes for the same id; every fifth is no UTF-8. */
  byte[] payload() {
    SplittableRandom random = random();
    return payload(random, MIN_BYTES + random.nextInt(SPREAD_BYTES));
  }

  /** The same of a given size. */
  public byte[] payload(int size) {
    return payload(random(), size);
  }

  private SplittableRandom random() {
    return new SplittableRandom(((long) caller << 32) | counter);
  }

  private byte[] payload(SplittableRandom random, int size) {
    byte[] bytes = new byte[size];
    boolean isBinary = counter % 5 == 0;
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (isBinary ? random.nextInt(256) : ' ' + random.nextInt(94));
    }
    byte[] id = (text() + ' ').getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(id, 0, bytes, 0, id.length);
    return bytes;
  }
}
