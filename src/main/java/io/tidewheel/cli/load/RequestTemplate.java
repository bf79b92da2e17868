package io.tidewheel.cli.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A request whose bytes are made once; only numbers of fixed width are written anew each time.
 * Making every request from parts would cost the machine more than sending it.
 */
final class RequestTemplate {
  /** What a number in a request stands for. */
  enum Field {
    TOPIC,
    KEY,
    ID,
    SENT_AT
  }

  /** Where a number stands. */
  private record Slot(Field field, int position, int width) {}

  /** Gives the numbers of the next request, in the order in which they stand in it. */
  @FunctionalInterface
  interface Numbers {
    long next(Field field);
  }

  private final ByteBuffer bytes;
  private final List<Slot> slots;

  private RequestTemplate(byte[] bytes, List<Slot> slots) {
    this.bytes = ByteBuffer.allocateDirect(bytes.length);
    this.bytes.put(bytes);
    this.slots = List.copyOf(slots);
  }

  /** The next request, ready to be written. It is valid until the next call. */
  ByteBuffer fill(Numbers numbers) {
    for (Slot slot : slots) {
      long number = numbers.next(slot.field());
      for (int i = slot.position() + slot.width() - 1; i >= slot.position(); i--) {
        bytes.put(i, (byte) ('0' + number % 10));
        number /= 10;
      }
    }
    bytes.position(0).limit(bytes.capacity());
    return bytes;
  }

  /** Puts a template together. */
  static final class Builder {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Slot> slots = new ArrayList<>();

    Builder text(String text) {
      bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
      return this;
    }

    Builder number(Field field, int width) {
      slots.add(new Slot(field, bytes.size(), width));
      return text("0".repeat(width));
    }

    /** All of another template, with its numbers. */
    Builder append(Builder other) {
      for (Slot slot : other.slots) {
        slots.add(new Slot(slot.field(), slot.position() + bytes.size(), slot.width()));
      }
      bytes.writeBytes(other.bytes.toByteArray());
      return this;
    }

    int size() {
      return bytes.size();
    }

    RequestTemplate build() {
      return new RequestTemplate(bytes.toByteArray(), slots);
    }
  }
}
